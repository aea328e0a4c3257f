/** What agents may do, decided by the mode and the settings, at the moment of every call. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RequestMethod } from '../../../src/protocol/methods';
import { requests } from '../../../src/protocol/methods';
import { everyCall } from '../../support/everyCall';
import type { ControlledExecutor } from '../../support/controlHarness';
import { startControlled } from '../../support/controlHarness';
import { startServer } from '../../support/execServerHarness';
import { WireClient, startParams } from '../../support/wireClient';

const CAPABILITY_DISABLED = -32012;

/** What each method needs, written down once more: this table is the promise, the gate only keeps it. */
const needs: Readonly<Record<RequestMethod, 'exec' | 'filesystem' | 'a place' | 'nothing'>> = {
  initialize: 'nothing',
  'environment/info': 'nothing',
  'environment/status': 'a place',
  'process/start': 'exec',
  'process/read': 'exec',
  'process/write': 'exec',
  'process/closeStdin': 'exec',
  'process/resize': 'exec',
  'process/signal': 'exec',
  'process/terminate': 'exec',
  'fs/getMetadata': 'filesystem',
  'fs/readFile': 'filesystem',
  'fs/writeFile': 'filesystem',
  'fs/createDirectory': 'filesystem',
  'fs/readDirectory': 'filesystem',
  'fs/canonicalize': 'filesystem',
  'fs/remove': 'filesystem',
  'fs/copy': 'filesystem',
  'fs/walk': 'filesystem',
  'fs/open': 'filesystem',
  'fs/readBlock': 'filesystem',
  'fs/writeBlock': 'filesystem',
  'fs/close': 'filesystem',
  'fs/watchMissing': 'filesystem',
  'http/request': 'exec',
  'environmentConfig/read': 'filesystem',
  'capabilities/discoverV2': 'filesystem',
  'capabilityRoots/discoverV1': 'filesystem',
};

const methodsThatNeed = (...wanted: string[]): string[] =>
  Object.keys(requests).filter((method) => wanted.includes(needs[method as RequestMethod]));

interface Advertised {
  readonly environmentInfo: { readonly capabilities: Readonly<Record<string, boolean>> };
}

/** Calls everything and answers what was advertised and what was refused for lack of a capability. */
async function tryEverything(url: string, folder: string) {
  await writeFile(join(folder, 'there'), 'content');
  const agent = await WireClient.connect(url);
  const hello = (await agent.request('initialize', {
    clientName: 'gates',
    resumeSessionId: null,
  })) as Advertised;
  agent.notify('initialized', {});
  await agent.call('process/start', startParams('live', ['/bin/cat'], { pipeStdin: true }));
  const refused: string[] = [];
  const texts = new Set<string>();
  for (const [method, params] of everyCall(folder)) {
    const reply = await agent.call(method, params);
    if (!('error' in reply) || reply.error.code !== CAPABILITY_DISABLED) continue;
    refused.push(method);
    texts.add(reply.error.message);
  }
  // What was started is let run to its end, so that its effect is seen.
  if (!refused.includes('process/start')) await agent.outputOf('started');
  await agent.close();
  const { capabilities } = hello.environmentInfo;
  return {
    advertised: Object.keys(capabilities).filter((name) => capabilities[name]),
    withheld: Object.keys(capabilities).filter((name) => !capabilities[name]),
    refused: refused.sort(),
    texts: [...texts].sort(),
    effects: (await readdir(folder)).filter((name) => name !== 'there').sort(),
    isFileLeft: (await readdir(folder)).includes('there'),
  };
}

const bySettings = (capability: string): string =>
  `${capability} is disabled: the user switched it off (setting execServer.capabilities.${capability})`;
const byMode = (capability: string): string =>
  `${capability} is disabled: the user switched Exec Server off`;

const ofExec = ['httpHeaderEnvVars'];
const ofFilesystem = ['capabilityDiscoveryV2', 'environmentConfigRead', 'fsWatchMissing'];
const filesOfAgents = ['effect-of-copy', 'effect-of-create', 'effect-of-write'];

describe.runIf(process.platform === 'linux')('what agents may do', () => {
  it('is everything when both capabilities are on', async () => {
    const { url, workspace } = await startServer();
    const seen = await tryEverything(url, workspace);
    expect(seen).toMatchObject({
      advertised: expect.arrayContaining(['exec', 'filesystem', ...ofExec, ...ofFilesystem]),
      withheld: [],
      refused: [],
      effects: [...filesOfAgents, 'effect-of-start'].sort(),
      isFileLeft: false,
    });
  });

  it('is files and no programs when exec is off', async () => {
    const { url, workspace } = await startServer({ settings: { execEnabled: false } });
    const seen = await tryEverything(url, workspace);
    expect(seen).toEqual({
      advertised: expect.toSatisfy(
        (names: string[]) =>
          ['filesystem', ...ofFilesystem].every((name) => names.includes(name)) &&
          !ofExec.some((name) => names.includes(name)),
      ),
      withheld: ['exec'],
      refused: methodsThatNeed('exec').sort(),
      texts: [bySettings('exec')],
      effects: filesOfAgents,
      isFileLeft: false,
    });
  });

  it('is programs and no files when the filesystem is off', async () => {
    const { url, workspace } = await startServer({ settings: { filesystemEnabled: false } });
    const seen = await tryEverything(url, workspace);
    expect(seen).toEqual({
      advertised: expect.toSatisfy(
        (names: string[]) =>
          ['exec', ...ofExec].every((name) => names.includes(name)) &&
          !ofFilesystem.some((name) => names.includes(name)),
      ),
      withheld: ['filesystem'],
      refused: methodsThatNeed('filesystem').sort(),
      texts: [bySettings('filesystem')],
      effects: ['effect-of-start'],
      isFileLeft: true,
    });
  });

  it('is nothing when both are off, though the environment is there', async () => {
    const { url, workspace } = await startServer({
      settings: { execEnabled: false, filesystemEnabled: false },
    });
    expect(await tryEverything(url, workspace)).toEqual({
      advertised: [],
      withheld: ['exec', 'filesystem'],
      refused: methodsThatNeed('exec', 'filesystem').sort(),
      texts: [bySettings('exec'), bySettings('filesystem')],
      effects: [],
      isFileLeft: true,
    });
  });

  it('is nothing in the mode disabled, whatever the settings allow', async () => {
    const { url, workspace } = await startServer({ environment: { mode: 'disabled' } });
    expect(await tryEverything(url, workspace)).toEqual({
      advertised: [],
      withheld: ['exec', 'filesystem'],
      refused: methodsThatNeed('exec', 'filesystem', 'a place').sort(),
      texts: [byMode('exec'), byMode('filesystem'), byMode('the environment')],
      effects: [],
      isFileLeft: true,
    });
  });
});

/** Ways of taking away what a call needs, and of giving it back. */
const switches = {
  'to disabled': {
    off: (server: ControlledExecutor) =>
      server.control.setEnvironment({ mode: 'disabled' }, 'keep'),
    on: (server: ControlledExecutor) => server.control.setEnvironment({ mode: 'local' }, 'keep'),
    explain: byMode,
  },
  'to no capability': {
    off: (server: ControlledExecutor) => allow(server, false),
    on: (server: ControlledExecutor) => allow(server, true),
    explain: bySettings,
  },
};

async function allow(server: ControlledExecutor, enabled: boolean): Promise<void> {
  server.control.options.applySettings({
    ...server.settings,
    execEnabled: enabled,
    filesystemEnabled: enabled,
  });
  await Promise.resolve();
}

describe.runIf(process.platform === 'linux').each(Object.entries(switches))(
  'a session that is switched %s between any two of its calls',
  (_name, { off, on, explain }) => {
    it('is refused exactly the call after the switch, and nothing of it happens', async () => {
      const server = await startControlled();
      const folder = server.workspace;
      const agent = await WireClient.open(server.url);
      const calls = everyCall(folder).filter(
        ([method]) => needs[method] === 'exec' || needs[method] === 'filesystem',
      );
      const outcomes: unknown[] = [];
      for (const [index, [method, params]] of calls.entries()) {
        // The session so far, as it would be without the switch.
        await writeFile(join(folder, 'there'), 'content');
        const live = `live${index}`;
        await agent.request(
          'process/start',
          startParams(live, ['/bin/cat'], { pipeStdin: true, cwd: folder }),
        );
        const ofThisRound = aimedAt(params, live);
        const before = (await readdir(folder)).sort();
        await off(server);
        const refusal = await agent.call(method, ofThisRound);
        const after = (await readdir(folder)).sort();
        await on(server);
        const read = await agent.request('process/read', { processId: live, waitMs: 0 });
        const served = await agent.call(method, ofThisRound);
        // What the program writes belongs to this round.
        if (method === 'process/start') await agent.outputOf('started');
        const isServed = !('error' in served) || served.error.code !== CAPABILITY_DISABLED;
        outcomes.push({
          method,
          refusal,
          isUntouched: before.join() === after.join(),
          read,
          isServed,
        });
      }
      expect(outcomes).toEqual(
        calls.map(([method]) => ({
          method,
          refusal: { error: { code: CAPABILITY_DISABLED, message: explain(needs[method]) } },
          isUntouched: true,
          // It went on running, and nothing was typed, signalled or closed.
          read: expect.objectContaining({ chunks: [], exited: false, failure: null }),
          isServed: true,
        })),
      );
    });
  },
);

function aimedAt(params: unknown, live: string): unknown {
  const isAimed =
    typeof params === 'object' &&
    params !== null &&
    'processId' in params &&
    params.processId === 'live';
  return isAimed ? { ...params, processId: live } : params;
}
