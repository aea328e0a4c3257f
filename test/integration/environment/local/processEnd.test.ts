import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defaultLimits } from '../../../../src/base/limits';
import { nullLogger } from '../../../../src/base/logger';
import { LocalProcessBackend } from '../../../../src/environment/local/localProcessBackend';
import {
  ProcessWatch,
  fixtureProgram,
  isAlive,
  livingInSessions,
  printedPids,
  script,
  startRequest,
  terminal,
  until,
  useLocalBackend,
} from '../../../support/processFixtures';

const { start } = useLocalBackend();

const newBackend = (): LocalProcessBackend =>
  new LocalProcessBackend({
    limits: defaultLimits,
    logger: nullLogger,
    baseEnvironment: process.env,
  });

const isStopped = (pid: number): boolean =>
  /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

const trap = (signal: string): string =>
  `trap "echo ${signal}; exit 7" ${signal}; echo ready; while :; do sleep 0.05; done`;

describe.each([
  ['on pipes', {}],
  ['in a terminal', { terminal }],
])('%s', (_where, where) => {
  it('passes every signal on to the group', async () => {
    const seen = [];
    for (const [signal, name] of [
      ['interrupt', 'INT'],
      ['terminate', 'TERM'],
      ['hangup', 'HUP'],
      ['quit', 'QUIT'],
    ] as const) {
      const watch = await start(script(trap(name), where));
      await watch.untilText('ready');
      watch.process.signal(signal);
      await watch.closed();
      seen.push([watch.text.includes(name), watch.process.state.exitCode]);
    }
    expect(seen).toEqual([
      [true, 7],
      [true, 7],
      [true, 7],
      [true, 7],
    ]);
  });

  it('is killed at once by terminate, with everything that descends from it', async () => {
    const watch = await start(startRequest(fixtureProgram('deepTree.sh'), where));
    await watch.untilText('ready');
    const levels = printedPids(watch.text, 'level');
    expect(watch.process.terminate()).toEqual({ running: true });
    await watch.closed();
    await until(() => !levels.some(isAlive), 'every level is gone');
    await until(() => livingInSessions(levels).length === 0, 'nothing is left in their sessions');
    expect([levels.length, watch.process.state.exitCode, watch.process.terminate()]).toEqual([
      5,
      137,
      { running: false },
    ]);
  });

  it('is asked to end before it is forced', async () => {
    const polite = await start(script(trap('terminal' in where ? 'HUP' : 'TERM'), where));
    await polite.untilText('ready');
    await polite.process.end(30_000);
    await polite.closed();
    expect(polite.process.state.exitCode).toBe(7);
  });

  it('is forced to end when it ignores the request', async () => {
    const deaf = await start(startRequest(fixtureProgram('ignoreTermination.sh'), where));
    await deaf.untilText('ready');
    const pids = [...printedPids(deaf.text, 'leader'), ...printedPids(deaf.text, 'child')];
    await deaf.process.end(50);
    // The dead take their time where others are given the processor, and the end waits for so long only.
    await until(() => !pids.some(isAlive), 'both are gone');
    await deaf.closed();
    expect([pids.length, deaf.process.state.exitCode]).toEqual([2, 137]);
  });

  it('is ended although it is stopped', async () => {
    const watch = await start(script('echo ready; kill -STOP $$; sleep 1000', where));
    await watch.untilText('ready');
    const { pid = 0 } = watch.process;
    await until(() => isStopped(pid), 'it is stopped');
    await watch.process.end(30_000);
    await watch.closed();
    // By the request itself, which it could follow again.
    expect(watch.process.state.exitCode).toBe('terminal' in where ? 129 : 143);
  });

  it('leaves nothing in its session behind when it is ended after its exit', async () => {
    const watch = await start(
      script(
        'trap "" HUP; sleep 1000 > /dev/null 2>&1 < /dev/null & echo "left $!"; exit 0',
        where,
      ),
    );
    await watch.closed();
    const [left = 0] = printedPids(watch.text, 'left');
    expect([watch.process.terminate(), isAlive(left)]).toEqual([{ running: false }, true]);
    await watch.process.end(200);
    await until(() => !isAlive(left), 'what was left is gone');
  });
});

it('closes the output of an ended process that a process of its own session still holds', async () => {
  // It speaks for itself, so it has the session by then.
  const escapes = `setsid bash -c 'echo "escaped $$"; exec sleep 1000' & exit 0`;
  const watch = await start(script(escapes));
  await watch.untilText(/escaped \d+\n/);
  await watch.exited();
  const [escaped = 0] = printedPids(watch.text, 'escaped');
  // Out of reach once its parents are gone; see ADR 0002.
  onTestFinished(() => {
    process.kill(escaped, 'SIGKILL');
  });
  await watch.process.end(100);
  await watch.closed();
  expect(isAlive(escaped)).toBe(true);
});

it('reads no file that was opened under the number of an output it let go of', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'exec-server-test-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const file = path.join(folder, 'secret');
  writeFileSync(file, 'secret');
  const backend = newBackend();
  const running = await backend.start(script('echo ready; exec sleep 1000'));
  const watch = new ProcessWatch(running);
  await watch.untilText('ready');
  // From a timer on the event loop looks for ended children before it closes what was let go of.
  await new Promise((resolve) => setTimeout(resolve, 0));
  backend.dispose();
  // More than the numbers that became free, those of pipes for later starts included.
  const opened = Array.from({ length: 256 }, () => openSync(file, 'r'));
  onTestFinished(() => {
    opened.forEach((fd) => closeSync(fd));
  });
  while (isAlive(running.pid));
  await watch.closed();
  const unread = opened.filter((fd) => readFileSync(fd, 'utf8') === 'secret');
  expect([watch.text, unread.length]).toEqual(['ready\n', opened.length]);
});

it('ends everything that was started when the backend closes, and refuses further starts', async () => {
  const backend = newBackend();
  const open = async (request: Parameters<typeof backend.start>[0]): Promise<ProcessWatch> =>
    new ProcessWatch(await backend.start(request));
  const watches = [
    await open(startRequest(fixtureProgram('ignoreTermination.sh'))),
    await open(startRequest(fixtureProgram('ignoreTermination.sh'), { terminal })),
    await open(startRequest(fixtureProgram('deepTree.sh'))),
  ];
  await Promise.all(watches.map((watch) => watch.untilText('ready')));
  const gone = await open(script('sleep 1000 > /dev/null 2>&1 & echo "child $!"; exit 0'));
  await gone.closed();
  const pids = [...watches, gone].flatMap((watch) =>
    ['leader', 'child', 'level'].flatMap((label) => printedPids(watch.text, label)),
  );
  await backend.close(100);
  await until(() => !pids.some(isAlive), 'all of them are gone');
  expect(pids).toHaveLength(10);
  await expect(backend.start(script('true'))).rejects.toThrow('shutting down');
});
