/**
 * The real Codex CLI, through the headless executor in remote mode, on the Codex CLI's own exec-server.
 * For the executor in between the workspace does not exist: whatever of it that looked at a path of the
 * remote on its own disk would find nothing.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startCodexExecServer } from '../support/codexExecServer';
import { parseCommandReport, runningSession } from '../support/codexReport';
import type { CodexRun } from '../support/codexRun';
import { startCodexExec } from '../support/codexRun';
import { ExecutorProcess, useExecutorBundle } from '../support/executorProcess';
import type { Turn } from '../support/scriptedModel';
import { applyPatch, execCommand, say, viewImage, writeStdin } from '../support/scriptedModelItems';
import { temporaryFolder } from '../support/temporaryFolder';
import { WatchedServer } from './watchedServer';
import { SAMPLE_PATCH } from './samplePatch';

/** Longest the client may wait for a command; it goes on as soon as the command has ended. */
const PATIENTLY = { yieldTimeMs: 30_000 };

/** A picture of one red point. */
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';

/** Hides a folder from a program and what it starts: it sees an empty one in its place. */
const HIDING = ['unshare', '--mount', '--map-root-user', 'sh', '-c'];
const HIDE = 'mount -t tmpfs none "$1" && shift && exec "$@"';

function canHide(): boolean {
  try {
    execFileSync(HIDING[0] ?? '', [...HIDING.slice(1), 'mount -t tmpfs none /mnt'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    // Not Linux, or a container that may not.
    return false;
  }
}

const bundle = useExecutorBundle();

/** The peer in a folder, and our executor before it, to which that folder is empty. */
async function serveRemotely(workspace: string): Promise<WatchedServer> {
  const remote = await startCodexExecServer({ cwd: workspace });
  onTestFinished(() => remote.kill());
  const flags = ['--environment', remote.url, '--log-level', 'debug'];
  const [program = '', ...args] = HIDING;
  const child = spawn(
    program,
    [...args, HIDE, 'sh', workspace, process.execPath, bundle.script(), ...flags],
    { cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] },
  );
  return WatchedServer.connect(new ExecutorProcess(child), workspace);
}

function play(server: WatchedServer, script: readonly Turn[]): Promise<CodexRun> {
  return startCodexExec({
    execServerUrl: server.url,
    cwd: server.workspace,
    script: [...script, () => [say('done')]],
  });
}

describe.skipIf(!canHide())('the Codex CLI through remote mode (needs mount namespaces)', () => {
  it('runs commands, types into terminals, patches and reads where only the remote is', async () => {
    const workspace = await temporaryFolder();
    const at = (name: string): string => join(workspace, name);
    await writeFile(at('AGENTS.md'), 'Speak of the walrus.\n');
    await writeFile(at('changed.txt'), 'one\ntwo\n');
    await writeFile(at('removed.txt'), 'gone\n');
    await writeFile(at('red.png'), Buffer.from(PICTURE, 'base64'));
    const server = await serveRemotely(workspace);
    const question = 'test -t 0 && printf "name? "; read name; echo "hello $name"; exit 4';
    const run = await play(server, [
      () => [execCommand('pwd; cat changed.txt; echo oops >&2; exit 3', PATIENTLY)],
      () => [execCommand(question, { tty: true, yieldTimeMs: 250 })],
      async (request) => {
        await server.untilOutput('name? ');
        return [writeStdin(runningSession(request.lastOutput()), 'Ada\n', PATIENTLY)];
      },
      () => [applyPatch(SAMPLE_PATCH)],
      () => [viewImage(at('red.png'))],
    ]);
    const { code, stderr } = await run.exited;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    run.model.assertFinished();
    const [command, ...others] = run.model.toolOutputs();
    const told = [command, ...others].map((output) => output?.output ?? '');
    expect({
      command: parseCommandReport(told[0] ?? ''),
      terminal: told
        .slice(1, 3)
        .map((text) => parseCommandReport(text).text)
        .join(''),
      terminalExit: parseCommandReport(told[2] ?? '').exitCode,
      patch: parseCommandReport(told[3] ?? '').exitCode,
      image: others.at(-1)?.images,
      instructions: JSON.stringify(run.model.requests[0]).includes('Speak of the walrus.'),
      files: (await readdir(workspace)).sort(),
      changed: await readFile(at('changed.txt'), 'utf8'),
      added: await readFile(at('docs/added.md'), 'utf8'),
    }).toEqual({
      command: { exitCode: 3, text: `${workspace}\none\ntwo\noops\n` },
      terminal: 'name? Ada\r\nhello Ada\r\n',
      terminalExit: 4,
      patch: 0,
      image: [expect.stringMatching(/^data:image\/png;base64,/)],
      instructions: true,
      files: ['AGENTS.md', 'changed.txt', 'docs', 'red.png'],
      changed: 'ONE\ntwo\n',
      added: 'made by an agent\n',
    });
  });
});
