import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/base/limits';
import { nullLogger } from '../../../../src/base/logger';
import type { StartRequest } from '../../../../src/environment/processBackend';
import { ShellSnapshots } from '../../../../src/environment/local/shellSnapshots';
import { FakeClock } from '../../../support/fakeClock';
import { FakeProcess } from '../../../support/wireFakes';

const eligible: StartRequest = {
  argv: ['/bin/bash', '-lc', 'true'],
  cwd: '/',
  env: {},
  envPolicy: { inherit: 'all', ignoreDefaultExcludes: true, exclude: [], set: {}, includeOnly: [] },
  shellSnapshot: { scopeId: 'scope', shell: { name: 'bash', path: '/bin/bash' } },
  pipeStdin: false,
};

const others: readonly (readonly [string, Partial<StartRequest>])[] = [
  ['a start that asks for none', { shellSnapshot: undefined }],
  ['a confined start', { sandbox: { files: 'unrestricted', network: 'restricted' } }],
  ['a start with its whole environment in the request', { envPolicy: undefined }],
  ['a shell under another name', { arg0: 'sh' }],
  ['another program than the shell', { argv: ['/usr/bin/bash', '-lc', 'true'] }],
  ['a shell that is no login shell', { argv: ['/bin/bash', '-c', 'true'] }],
  ['a shell without a command', { argv: ['/bin/bash', '-lc'] }],
  [
    'a shell nobody knows',
    { shellSnapshot: { scopeId: 'scope', shell: { name: 'constructor', path: '/bin/bash' } } },
  ],
];

/** Snapshots of shells that run only in name. */
function fakeShells() {
  const clock = new FakeClock();
  const asked: StartRequest[] = [];
  const process = new FakeProcess();
  const snapshots = new ShellSnapshots({
    limits: defaultLimits,
    logger: nullLogger,
    clock,
    environmentOf: () => ({}),
    run: (request) => {
      asked.push(request);
      return Promise.resolve(process);
    },
  });
  return { asked, clock, process, snapshots };
}

describe.skipIf(process.platform !== 'linux')('a shell is asked for its state', () => {
  it.each(others)('but not for %s', (_name, parts) => {
    const { asked, snapshots } = fakeShells();
    snapshots.prepare({ ...eligible, ...parts }, {});
    expect(asked).toEqual([]);
    snapshots.prepare(eligible, {});
    expect(asked).toHaveLength(1);
    snapshots.dispose();
  });

  it('with the environment and in the place of the start, unconfined and without input', () => {
    const { asked, snapshots } = fakeShells();
    const { cwd, env, envPolicy } = eligible;
    snapshots.prepare({ ...eligible, terminal: { rows: 1, cols: 1 }, pipeStdin: true }, {});
    expect(asked).toEqual([
      { argv: ['/bin/bash', '-lc', expect.any(String)], cwd, env, envPolicy, pipeStdin: false },
    ]);
    snapshots.dispose();
  });

  it('one at a time, and is ended when it takes too long', async () => {
    const { asked, clock, process, snapshots } = fakeShells();
    snapshots.prepare(eligible, {});
    snapshots.prepare(eligible, { HOME: '/another' });
    expect(asked).toHaveLength(1);
    await Promise.resolve();
    clock.advance(defaultLimits.shellSnapshotMs);
    expect(process.calls).toEqual(['terminate']);
    snapshots.dispose();
  });
});
