/** What tests of real programs share: a backend whose leftovers are found, and ways to watch a process. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { defaultLimits } from '../../src/base/limits';
import type { Limits } from '../../src/base/limits';
import { nullLogger } from '../../src/base/logger';
import type { Logger } from '../../src/base/logger';
import type {
  ManagedProcess,
  ProcessEvent,
  StartRequest,
} from '../../src/environment/processBackend';
import { LocalProcessBackend } from '../../src/environment/local/localProcessBackend';

const programs = fileURLToPath(new URL('../fixtures/programs/', import.meta.url));

/** Between two looks at something that announces nothing. */
const pollMs = 5;

/** Bound against hanging only. */
const untilDeadlineMs = 50_000;

/** The size every terminal of the tests begins with. */
export const terminal = { rows: 24, cols: 80 };

/** The command line of a program in test/fixtures/programs. */
export function fixtureProgram(name: string, ...args: string[]): [string, ...string[]] {
  return ['/bin/bash', path.join(programs, name), ...args];
}

/** A request with the usual surroundings; `parts` wins. */
export function startRequest(
  argv: readonly [string, ...string[]],
  parts: Partial<StartRequest> = {},
): StartRequest {
  return { argv, cwd: '/tmp', env: { PATH: '/usr/bin:/bin' }, pipeStdin: false, ...parts };
}

/** A request for a bash script. */
export function script(text: string, parts: Partial<StartRequest> = {}): StartRequest {
  return startRequest(['/bin/bash', '-c', text], parts);
}

/** Collects what a process does from the moment it was started. */
export class ProcessWatch {
  readonly events: ProcessEvent[] = [];
  private waiting: (() => void)[] = [];

  constructor(readonly process: ManagedProcess) {
    process.onDidEmit((event) => {
      const kept = event.type === 'output' ? { ...event, chunk: Buffer.from(event.chunk) } : event;
      this.events.push(kept);
      const waiting = this.waiting;
      this.waiting = [];
      for (const wake of waiting) wake();
    });
  }

  /** Everything written so far, both streams in the order of arrival. */
  get text(): string {
    return this.bytes().toString();
  }

  bytes(stream?: string): Buffer {
    return Buffer.concat(
      this.events.flatMap((event) =>
        event.type === 'output' && (stream === undefined || event.stream === stream)
          ? [event.chunk]
          : [],
      ),
    );
  }

  /** The events with output as text, for a comparison in one piece. */
  facts(): unknown[] {
    return this.events.map((event) =>
      event.type === 'output'
        ? { seq: event.seq, [event.stream]: event.chunk.toString() }
        : event.type === 'exited'
          ? { seq: event.seq, exited: event.exitCode }
          : { seq: event.seq, closed: true },
    );
  }

  /** Resolves as soon as the condition holds; it is looked at after every event. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  untilText(expected: string | RegExp): Promise<void> {
    return this.until(() =>
      typeof expected === 'string' ? this.text.includes(expected) : expected.test(this.text),
    );
  }

  exited(): Promise<void> {
    return this.until(() => this.process.state.exited);
  }

  async closed(): Promise<this> {
    await this.until(() => this.process.state.closed);
    return this;
  }
}

/** Waits for something that only the system knows, such as a process that disappears. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + untilDeadlineMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Gave up waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Whether a process exists and is not only waiting to be reaped. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

/** The living processes whose session one of these pids leads or led. */
export function livingInSessions(leaders: readonly number[]): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isAlive(pid) && leaders.includes(sessionOf(pid)));
}

function sessionOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
  } catch {
    return 0;
  }
}

/** The pids a program printed as `<label> <pid>`. */
export function printedPids(text: string, label: string): number[] {
  return [...text.matchAll(new RegExp(`${label} (\\d+)`, 'g'))].map((match) => Number(match[1]));
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function ownChildren(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(process.pid);
      } catch {
        return false;
      }
    });
}

/** Gives a test file a backend, and fails it when a process or a descriptor stays behind. */
export function useLocalBackend(
  limits: Partial<Limits> = {},
  logger: Logger = nullLogger,
): {
  readonly start: (request: StartRequest) => Promise<ProcessWatch>;
  readonly run: (request: StartRequest) => Promise<ProcessWatch>;
  readonly backend: () => LocalProcessBackend;
} {
  let current: LocalProcessBackend | undefined;
  let descriptorsBefore = 0;
  let childrenBefore: number[] = [];
  const make = (): LocalProcessBackend =>
    new LocalProcessBackend({
      limits: { ...defaultLimits, ...limits },
      logger,
      baseEnvironment: process.env,
    });
  const backend = (): LocalProcessBackend => (current ??= make());
  const start = async (request: StartRequest): Promise<ProcessWatch> =>
    new ProcessWatch(await backend().start(request));
  const run = async (request: StartRequest): Promise<ProcessWatch> =>
    (await start(request)).closed();

  beforeAll(async () => {
    // Whatever is loaded or opened once for the whole process is loaded now.
    const warmUp = make();
    await new ProcessWatch(await warmUp.start(script('true'))).closed();
    await new ProcessWatch(await warmUp.start(script('true', { terminal }))).closed();
    await warmUp.close(0);
    await until(() => ownChildren().every((pid) => !isAlive(pid)), 'the warm-up is gone');
    descriptorsBefore = openDescriptors();
    childrenBefore = ownChildren();
  });

  afterAll(async () => {
    await current?.close(0);
    current = undefined;
    const strangers = (): number[] => ownChildren().filter((pid) => !childrenBefore.includes(pid));
    await until(() => strangers().length === 0, 'no child is left');
    // Looked at until then: the test runner opens files of its own now and then.
    await until(() => openDescriptors() <= descriptorsBefore, 'no descriptor is left');
  });

  return { start, run, backend };
}
