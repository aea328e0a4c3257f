import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ensureCodex } from '../../host/codex.mjs';
import { hasBubblewrap } from '../../host/bubblewrap.mjs';
import { startCodexExecServer } from '../../support/codexExecServer';
import { ControlWindow, startControlled } from '../../support/controlHarness';
import { useExecutorBundle } from '../../support/executorProcess';
import { startOurExecServer } from '../../support/ourExecServer';
import { temporaryFolder } from '../../support/temporaryFolder';
import { useCodex } from '../../support/useCodex';

const isAvailableHere = process.platform === 'darwin' || hasBubblewrap();

/** One that knows no sandboxes. */
const earlyRelease = '0.131.0';

const bundle = useExecutorBundle();
useCodex(earlyRelease);

/** Nothing here comes of time running out: after that the answer would be yes. */
const limits = { environmentInfoMs: 50_000 };

/** What a window hears whose executor passes calls on to the address. */
async function answerThrough(url: string, settings = {}): Promise<unknown> {
  const environment = { mode: 'remote', remote: { name: 'box', endpoint: { url } } } as const;
  const window = await ControlWindow.open(await startControlled({ environment, settings, limits }));
  return window.client.request('sandbox/check', {});
}

async function startOurs(): Promise<string> {
  const server = await startOurExecServer({
    script: bundle.script(),
    folder: await temporaryFolder(),
  });
  onTestFinished(() => server.stop());
  return server.url;
}

it('tells a window whether programs can be confined here', async () => {
  const window = await ControlWindow.open(await startControlled({ limits }));
  const answer = await window.client.request('sandbox/check', {});
  expect(answer).toEqual({ isAvailable: isAvailableHere });
});

it('tells of a remote what is there, whatever is here', async () => {
  // It has no program to confine file operations with.
  const refusing = await startControlled();
  expect([await answerThrough(await startOurs()), await answerThrough(refusing.url)]).toEqual([
    { isAvailable: isAvailableHere },
    { isAvailable: false },
  ]);
});

it('tells of a release that knows no sandboxes that there is none', async () => {
  const cwd = await temporaryFolder();
  const server = await startCodexExecServer({ cwd, version: earlyRelease });
  onTestFinished(() => server.kill());
  expect(await answerThrough(server.url)).toEqual({ isAvailable: false });
});

it.runIf(isAvailableHere && process.platform === 'linux').each([
  ['finds its helper', true],
  ['lacks its helper', false],
])('tells of a Codex CLI that %s whether it keeps sandboxes', async (_what, isAvailable) => {
  const bin = await temporaryFolder();
  const { command } = await ensureCodex();
  if (isAvailable) await symlink(command, join(bin, 'codex-linux-sandbox'));
  const server = await startCodexExecServer({
    cwd: await temporaryFolder(),
    extraEnv: { PATH: `${bin}:/usr/bin:/bin` },
  });
  onTestFinished(() => server.kill());
  expect(await answerThrough(server.url)).toEqual({ isAvailable });
});

it('does not advise against sandboxes where that cannot be found out', async () => {
  const nobody = 'ws://127.0.0.1:1/';
  expect([
    await answerThrough(nobody),
    await answerThrough(await startOurs(), { filesystemEnabled: false }),
  ]).toEqual([{ isAvailable: true }, { isAvailable: true }]);
});
