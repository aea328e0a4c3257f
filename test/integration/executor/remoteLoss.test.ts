import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Limits } from '../../../src/base/limits';
import { ControlWindow, startControlled } from '../../support/controlHarness';
import type { ExecutorProcess } from '../../support/executorProcess';
import { occupyPort, useExecutorBundle } from '../../support/executorProcess';
import { run, textOf, untilText } from '../../support/processCalls';
import { temporaryFolder } from '../../support/temporaryFolder';
import { WireClient, startParams } from '../../support/wireClient';

const { start } = useExecutorBundle();

const TOKEN = 'a-token-that-is-long-enough-for-anybody';

/** A remote that can be killed and started again at the same address. */
async function startRemote() {
  const workspace = await temporaryFolder();
  const tokenFile = join(workspace, 'token');
  await writeFile(tokenFile, TOKEN);
  const { port, release } = await occupyPort();
  await release();
  const startAgain = async (): Promise<ExecutorProcess> => {
    const listen = ['--listen', `ws://127.0.0.1:${port}`, '--ws-token-file', tokenFile];
    const executor = start([...listen, '--workspace', workspace]);
    await executor.firstLine();
    return executor;
  };
  return { workspace, port, startAgain, first: await startAgain() };
}

async function startBeside(port: number, limits: Partial<Limits> = {}) {
  const endpoint = { url: `ws://127.0.0.1:${port}/`, token: TOKEN };
  const server = await startControlled({
    limits,
    environment: { mode: 'remote', remote: { name: 'box', endpoint } },
  });
  const window = await ControlWindow.open(server);
  await window.until(() => window.environment.health === 'ready', 'the remote is reached');
  return { server, window, agent: await WireClient.open(server.url) };
}

/** Ends with the executor that started it, even if that is killed: its input does. */
async function startUntilInputEnds(agent: WireClient, cwd: string): Promise<void> {
  const program = startParams('p', 'echo ready; exec cat', { cwd, pipeStdin: true });
  await agent.request('process/start', program);
  await untilText(agent, 'p', 'ready');
}

/** How the remote stood since it was lost, each state once, as the window was told. */
function healthsSinceLoss(window: ControlWindow): string[] {
  const told = window.changes.flatMap(({ environment }) => environment?.health ?? []);
  const distinct = told.filter((health, index) => health !== told[index - 1]);
  return distinct.slice(distinct.indexOf('recovering'));
}

describe('a remote that is killed', () => {
  it('is shown as lost with what ran there, and serves again when it is back and tried again', async () => {
    const remote = await startRemote();
    const { workspace: cwd, port } = remote;
    const limits = { recoveryDeadlineMs: 300, remoteRetryMs: 600_000, maxRemoteRetryMs: 600_000 };
    const { window, agent } = await startBeside(port, limits);
    await startUntilInputEnds(agent, cwd);
    await remote.first.stop('SIGKILL');
    await window.until(() => window.environment.health === 'unreachable', 'it is given up');
    await window.until(() => window.process('p')?.state === 'closed', 'the process has failed');
    const refused = await agent.call('fs/getMetadata', { path: cwd });
    const stillLost = await window.client.request('environment/reconnect', {});
    const second = await remote.startAgain();
    const back = await window.client.request('environment/reconnect', {});
    await window.until(() => window.environment.health === 'ready', 'it is back');
    expect({
      healths: healthsSinceLoss(window),
      process: window.process('p'),
      said: textOf(agent, 'p'),
      refused,
      stillLost: [stillLost.health, stillLost.reason],
      back: [back.health, back.reason, back.cwd],
      again: await run(agent, 'again', 'pwd', { cwd }),
    }).toEqual({
      healths: ['recovering', 'unreachable', 'ready'],
      process: expect.objectContaining({
        exitCode: 255,
        remote: 'box',
        failure: expect.stringContaining('box'),
      }),
      said: expect.stringMatching(/^ready\n.*box.*\n$/s),
      refused: {
        error: {
          code: -32015,
          message: expect.stringMatching(/^the remote environment box cannot be reached: /),
        },
      },
      stillLost: ['unreachable', expect.stringContaining(`127.0.0.1:${port}`)],
      back: ['ready', undefined, cwd],
      again: { output: { stdout: `${cwd}\n` }, exitCode: 0 },
    });
    await second.stop('SIGTERM');
  });

  it('serves the same agent again by itself when it is back in time, and says what was lost', async () => {
    const remote = await startRemote();
    const { workspace: cwd } = remote;
    const { window, agent } = await startBeside(remote.port, { remoteRetryMs: 50 });
    await startUntilInputEnds(agent, cwd);
    await remote.first.stop('SIGKILL');
    await window.until(() => window.environment.health === 'recovering', 'it is missed');
    // Waits until there is somebody to ask.
    const waiting = agent.call('fs/getMetadata', { path: cwd });
    await remote.startAgain();
    await window.until(() => window.environment.health === 'ready', 'it is back');
    await window.until(() => window.process('p')?.state === 'closed', 'the process has failed');
    expect({
      waited: await waiting,
      failure: window.process('p')?.failure,
      again: await run(agent, 'again', 'pwd', { cwd }),
    }).toEqual({
      waited: { result: expect.objectContaining({ isDirectory: true }) },
      failure: expect.any(String),
      again: { output: { stdout: `${cwd}\n` }, exitCode: 0 },
    });
  });
});
