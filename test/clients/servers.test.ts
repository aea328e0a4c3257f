/** Releases of the Codex CLI as the server, and the client of this project at work on it. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { CODEX_RELEASES } from '../host/versions.mjs';
import { ProcessRecord, connectClient, startOf } from '../support/clientServers';
import { startCodexExecServer } from '../support/codexExecServer';
import { TcpRelay } from '../support/tcpRelay';
import { temporaryFolder } from '../support/temporaryFolder';
import { useCodex } from '../support/useCodex';

/** Releases that `npm test` runs too. */
const NEWEST = 2;

/** The first release has no exec-server. */
const releases = CODEX_RELEASES.slice(1)
  .slice(process.env['EVERY_RELEASE'] === undefined ? -NEWEST : 0)
  .map(({ version }) => version);

const nobody = () => ({ fromClient: () => undefined, fromServer: () => undefined });

describe.each(releases)('the exec-server of Codex CLI %s', (version) => {
  useCodex(version);

  it('runs a process through lost connections', async () => {
    const cwd = await temporaryFolder();
    const server = await startCodexExecServer({ cwd, version });
    onTestFinished(() => server.kill());
    const target = new URL(server.url);
    const relay = await TcpRelay.start(Number(target.port), nobody);
    const client = await connectClient(`ws://127.0.0.1:${relay.port}`);
    const place = client.facts.sentEnvironmentInfo ? `file://${cwd}` : cwd;
    const gate = `echo $$ > '${cwd}/gated'; until [ -e '${cwd}/go' ]; do sleep 0.02; done`;
    const echo = await client.startProcess(
      startOf(place, 'read line; echo "$line"; read end; exit 1'),
    );
    const silent = await client.startProcess(
      startOf(place, `${gate}; exit 6`, { processId: 'silent' }),
    );
    const record = new ProcessRecord(echo);
    await echo.write(Buffer.from('hello\n'));
    await record.untilBytes(6);
    relay.pull();
    const other = await connectClient(server.url);
    // Ends when what it let pass is gone, so that this happens while nobody is connected to hear of it.
    const openGate = [
      `until [ -s '${cwd}/gated' ]; do sleep 0.02; done`,
      `touch '${cwd}/go'; while kill -0 "$(cat '${cwd}/gated')"; do sleep 0.02; done`,
    ].join('; ');
    const opener = await other.startProcess(startOf(place, openGate, { pipeStdin: false }));
    await opener.ended;
    relay.putBack();
    const written = await echo.write(Buffer.from('end\n'));
    expect({
      written,
      output: record.output.toString(),
      echo: await echo.ended,
      silent: await silent.ended,
      shape: record.shape,
    }).toEqual({
      written: 'accepted',
      output: 'hello\n',
      echo: { status: 'closed', exitCode: 1, failure: undefined, lastSeq: 3 },
      silent: { status: 'closed', exitCode: 6, failure: undefined, lastSeq: 2 },
      shape: ['output', 'exited', 'closed'],
    });
  });
});
