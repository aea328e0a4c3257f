import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { StartRequest } from '../../../../src/environment/processBackend';
import {
  script,
  startRequest,
  terminal,
  until,
  useLocalBackend,
} from '../../../support/processFixtures';

const { start, run, backend } = useLocalBackend();

const folder = mkdtempSync(path.join(tmpdir(), 'process-start-'));
mkdirSync(path.join(folder, 'empty'));
writeFileSync(path.join(folder, 'plain.txt'), 'text');
writeFileSync(path.join(folder, 'hello'), '#!/bin/sh\necho "hello from $0"\n');
chmodSync(path.join(folder, 'hello'), 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

const refusal = async (request: StartRequest): Promise<unknown> => {
  try {
    await start(request);
    return 'started';
  } catch (error) {
    return error instanceof Error && 'code' in error ? [error.code, error.message] : error;
  }
};

const noEntry = [-32603, 'No such file or directory (os error 2)'];
const denied = [-32603, 'Permission denied (os error 13)'];
const nul = [-32603, 'nul byte found in provided data'];

describe.each([
  ['on pipes', 'stdout', {}],
  ['in a terminal', 'pty', { terminal }],
])('a program %s', (_where, stream, where) => {
  it('that is missing, not executable or named by nothing is refused in the system’s words', async () => {
    const file = path.join(folder, 'plain.txt');
    expect({
      absolute: await refusal(startRequest(['/nope/x'], where)),
      searched: await refusal(startRequest(['nonexistent-program'], where)),
      empty: await refusal(startRequest([''], where)),
      notExecutable: await refusal(startRequest([file], where)),
      folder: await refusal(startRequest([folder], where)),
      throughFile: await refusal(startRequest([`${file}/x`], where)),
    }).toEqual({
      absolute: noEntry,
      searched: noEntry,
      empty: noEntry,
      notExecutable: denied,
      folder: denied,
      throughFile: [-32603, 'Not a directory (os error 20)'],
    });
  });

  it('is refused in a working directory that is missing or a file', async () => {
    expect([
      await refusal(script('true', { ...where, cwd: '/nope' })),
      await refusal(script('true', { ...where, cwd: '/etc/passwd' })),
    ]).toEqual([noEntry, [-32603, 'Not a directory (os error 20)']]);
  });

  it('is refused with a NUL in its arguments, environment, name or working directory', async () => {
    expect([
      await refusal(startRequest(['echo', 'a\0b'], where)),
      await refusal(startRequest(['ec\0ho'], where)),
      await refusal(script('true', { ...where, env: { A: 'x\0y' } })),
      await refusal(script('true', { ...where, env: { 'A\0': 'x' } })),
      await refusal(script('true', { ...where, cwd: '/tmp\0' })),
      await refusal(script('true', { ...where, arg0: 'a\0' })),
    ]).toEqual([nul, nul, nul, nul, nul, nul]);
  });

  it('is refused with a variable longer than the system takes', async () => {
    expect(await refusal(script('true', { ...where, env: { HUGE: 'x'.repeat(200_000) } }))).toEqual(
      [-32603, 'Argument list too long (os error 7)'],
    );
  });

  it('gets an environment of a thousand variables whole', async () => {
    const env: Record<string, string> = { PATH: '/usr/bin:/bin' };
    for (let index = 0; index < 1000; index += 1) env[`VARIABLE_${index}`] = 'x'.repeat(500);
    const watch = await run(startRequest(['/usr/bin/env', '-0'], { ...where, env }));
    const names = watch.text.split('\0').map((pair) => pair.split('=')[0] ?? '');
    expect(names.filter((name) => name !== '').sort()).toEqual(Object.keys(env).sort());
  });

  it('is looked up on the PATH of its own environment', async () => {
    const env = { PATH: `/nope:${folder}:/bin:/usr/bin` };
    const watch = await run(startRequest(['hello'], { ...where, env }));
    expect(watch.text.trimEnd()).toBe(`hello from ${folder}/hello`);
    expect(await refusal(startRequest(['hello'], where))).toEqual(noEntry);
  });

  it('is looked up in the system’s folders when its environment has no PATH', async () => {
    const watch = await run(startRequest(['echo', 'found'], { ...where, env: {} }));
    expect(watch.text.trimEnd()).toBe('found');
  });

  it('given by a relative path is found from its own working directory', async () => {
    const watch = await run(startRequest(['./hello'], { ...where, cwd: folder }));
    expect(watch.text.trimEnd()).toBe('hello from ./hello');
    const above = await run(startRequest(['../hello'], { ...where, cwd: `${folder}/empty` }));
    expect(above.text.trimEnd()).toBe('hello from ../hello');
  });

  it('sees the name of arg0 instead of its own, also an empty one', async () => {
    const printName = (arg0: string): StartRequest =>
      startRequest(['bash', '-c', 'tr "\\0" "|" < /proc/$$/cmdline; exit 0'], { ...where, arg0 });
    const named = await run(printName('my name'));
    const empty = await run(printName(''));
    expect([named.text.slice(0, 11), empty.text.slice(0, 4)]).toEqual(['my name|-c|', '|-c|']);
  });

  it('gets exactly the environment that was asked for', async () => {
    const watch = await run(
      startRequest(['/usr/bin/env'], { ...where, env: { A: '1', 'with space': 'ü', EMPTY: '' } }),
    );
    expect(watch.text.trimEnd().split(/\r?\n/).sort()).toEqual(['A=1', 'EMPTY=', 'with space=ü']);
  });

  it('gets the executor’s environment only as far as the policy lets it through', async () => {
    const envPolicy = {
      inherit: 'core' as const,
      ignoreDefaultExcludes: false,
      exclude: ['home'],
      set: { SET: 's', SECRET_SET: 'kept' },
      includeOnly: [],
    };
    const watch = await run(
      startRequest(['/usr/bin/env'], { ...where, env: { API_KEY: 'k' }, envPolicy }),
    );
    const names = watch.text.split(/\r?\n/).map((line) => line.split('=')[0] ?? '');
    expect(names).toEqual(expect.arrayContaining(['PATH', 'SET', 'SECRET_SET', 'API_KEY']));
    expect(names.filter((name) => /^(HOME|npm_.*|VITEST.*|NODE.*)$/.test(name))).toEqual([]);
  });

  it('leads a session and a process group of its own', async () => {
    const watch = await run(script('ps -o pid=,pgid=,sid= -p $$ | tr -s " "; exit 0', where));
    const pid = String(watch.process.pid);
    expect(watch.text.trim().split(/\s+/)).toEqual([pid, pid, pid]);
  });

  it('has no event before whoever awaited the start could subscribe', async () => {
    for (let round = 0; round < 50; round += 1) {
      const watch = await run(script('printf x', where));
      expect(watch.facts().at(0)).toEqual({ seq: 1, [stream]: 'x' });
    }
  });

  it('holds no descriptor of other programs or of their terminals', async () => {
    const others = await Promise.all(
      Array.from({ length: 20 }, () => start(script('read line', { terminal }))),
    );
    // Leaves free numbers below those of terminals that stay open.
    for (const other of others.splice(5, 10)) {
      other.process.terminate();
      await other.closed();
    }
    const piped = await start(script('read line', { pipeStdin: true }));
    const watch = await run(script('ls -l /proc/self/fd', where));
    expect(watch.text).not.toMatch(/ptmx/);
    const ownPipes = watch.text.match(/exec-server-pipes/g) ?? [];
    expect(ownPipes).toHaveLength(
      watch.events.some((event) => event.type === 'output' && event.stream === 'pty') ? 0 : 2,
    );
    for (const other of [...others, piped]) {
      other.process.terminate();
      await other.closed();
    }
  });
});

it('releases every descriptor of a hundred refused starts', async () => {
  const descriptors = (): Promise<string> =>
    run(script('ls /proc/$PPID/fd | wc -l')).then((watch) => watch.text);
  await descriptors();
  const before = Number(await descriptors());
  for (let round = 0; round < 50; round += 1) {
    await refusal(startRequest(['/nope/x'], { pipeStdin: true }));
    await refusal(startRequest(['/nope/x'], { terminal }));
  }
  // Pipes that are ready for the next start come and go in batches; what leaked would be more.
  const readyPipes = 2 * (32 + 12);
  expect(Number(await descriptors())).toBeLessThanOrEqual(before + readyPipes);
});

it('runs while listeners throw', async () => {
  const process = await backend().start(script('echo one; echo two'));
  const seen: string[] = [];
  process.onDidEmit(() => {
    throw new Error('a listener’s bug');
  });
  process.onDidEmit((event) => seen.push(event.type));
  await until(() => process.state.closed, 'the process closed');
  expect(seen.slice(-2)).toEqual(['exited', 'closed']);
});

it('starts two hundred short programs at once and reports each of them once', async () => {
  const watches = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      run(script(`printf ${index}; exit ${index}`, index % 4 === 0 ? { terminal } : {})),
    ),
  );
  expect(
    watches.map((watch) => [
      watch.text,
      ...watch.events.slice(-2).map((event) => event.type),
      watch.process.state,
    ]),
  ).toEqual(
    watches.map((_, index) => [
      String(index),
      'exited',
      'closed',
      { exited: true, exitCode: index & 255, closed: true, nextSeq: 4 },
    ]),
  );
});
