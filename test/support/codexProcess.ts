/**
 * What every start of the Codex CLI in a test has in common: a home of its own, an environment
 * that shares nothing with the developer's, a deadline, and an end that leaves nothing behind.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureCodex } from '../host/codex.mjs';
import { redact } from './codexRedaction';

/** How a program ended; `code` is null when a signal ended it. */
export interface CodexExit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running Codex program. */
export interface CodexProcess {
  readonly pid: number;
  /**
   * Settles when the program is gone, its process group is dead and its folders are removed.
   * Rejects with the output so far when the deadline ended it.
   */
  readonly exited: Promise<CodexExit>;
  /** Ends the process group and waits until nothing is left of it. */
  kill(): Promise<void>;
  /** Standard output so far. */
  stdout(): string;
  /** Standard error so far. */
  stderr(): string;
  /** Waits until standard output matches; rejects when the program ends first. */
  waitForStdout(pattern: RegExp): Promise<RegExpExecArray>;
}

/** What to start, in which surroundings. */
export interface CodexProcessOptions {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly deadlineMs: number;
  /** From the request to end to the forced end. */
  readonly graceMs?: number;
  readonly version?: string | undefined;
  /** Files of the Codex home by their name, `config.toml` for example. */
  readonly homeFiles?: Readonly<Record<string, string>>;
  /** Added to the environment, which otherwise holds only what a program needs to start. */
  readonly env?: Readonly<Record<string, string>>;
  /** Texts that must not appear in an error. */
  readonly secrets?: readonly string[];
}

/** What a program may need to end itself when it is asked to; some wait for what they have begun. */
const defaultGraceMs = 2_000;

/** Enough of the end of an output to see why a program failed. */
const shownOutputCharacters = 6_000;

/** Passed through where they exist: without them programs do not start, or not on Windows. */
const inheritedVariables = ['PATH', 'LANG', 'SystemRoot', 'ComSpec', 'PATHEXT', 'TEMP', 'TMP'];

/** Starts a Codex program in a home that is removed when it ends. */
export async function startCodexProcess(options: CodexProcessOptions): Promise<CodexProcess> {
  const program = await ensureCodex(options.version);
  const root = await mkdtemp(path.join(tmpdir(), 'codex-run-'));
  const removeRoot = (): Promise<void> => rm(root, { recursive: true, force: true, maxRetries: 5 });
  try {
    const codexHome = path.join(root, 'codex-home');
    await mkdir(codexHome);
    await mkdir(path.join(root, 'home'));
    for (const [name, text] of Object.entries(options.homeFiles ?? {})) {
      await writeFile(path.join(codexHome, name), text);
    }
    const env = {
      ...inheritedEnvironment(),
      HOME: path.join(root, 'home'),
      USERPROFILE: path.join(root, 'home'),
      CODEX_HOME: codexHome,
      ...options.env,
    };
    return await launch(
      [program.command, ...program.args, ...options.args],
      env,
      options,
      removeRoot,
    );
  } catch (error) {
    await removeRoot();
    throw error;
  }
}

/** An error with the output of a program, fit to be printed. */
export function codexError(
  message: string,
  exit: { readonly stdout: string; readonly stderr: string },
  secrets: readonly string[] = [],
  options?: ErrorOptions,
): Error {
  const shown = (['stderr', 'stdout'] as const).map((name) => {
    const text = redact(exit[name], secrets).slice(-shownOutputCharacters).trim();
    return `--- ${name} ---\n${text === '' ? '(empty)' : text}`;
  });
  return new Error([redact(message, secrets), ...shown].join('\n'), options);
}

function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    inheritedVariables.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

async function launch(
  [command = '', ...args]: readonly string[],
  env: Record<string, string>,
  { cwd, deadlineMs, graceMs = defaultGraceMs, secrets }: CodexProcessOptions,
  cleanUp: () => Promise<void>,
): Promise<CodexProcess> {
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: helpers of the program die with it.
    detached: process.platform !== 'win32',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      reject(new Error(`Failed to start codex in ${cwd}: ${cause.message}`, { cause }));
    });
  });
  const { pid } = child;
  if (pid === undefined) {
    throw new Error('Failed to start codex: it has no process id');
  }

  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      if (process.platform === 'win32') {
        child.kill(signal);
      } else {
        process.kill(-pid, signal);
      }
    } catch {
      // Nobody is left in the group, which is what we want.
    }
  };
  let force: NodeJS.Timeout | undefined;
  const end = (): void => {
    // Once it is gone its number may be somebody else's.
    if (child.exitCode !== null || child.signalCode !== null) return;
    signalGroup('SIGTERM');
    force ??= setTimeout(() => {
      signalGroup('SIGKILL');
    }, graceMs);
  };
  let timedOut = false;
  const deadline = setTimeout(() => {
    timedOut = true;
    end();
  }, deadlineMs);
  // A helper that holds the pipes open would otherwise delay `close` for ever.
  child.once('exit', () => {
    signalGroup('SIGKILL');
  });

  const exited = closed.then(async (code) => {
    clearTimeout(deadline);
    clearTimeout(force);
    await cleanUp();
    if (timedOut) {
      throw codexError(
        `Failed to finish codex within ${deadlineMs} ms`,
        { stdout, stderr },
        secrets,
      );
    }
    return { code, stdout, stderr };
  });
  // Whoever awaits `exited` gets the rejection; a test that only kills must not crash on it.
  exited.catch(() => undefined);

  return {
    pid,
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    async kill() {
      end();
      await exited.catch(() => undefined);
    },
    waitForStdout: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stdout);
          if (match !== null) {
            child.stdout.off('data', look);
            resolve(match);
          }
        };
        child.stdout.on('data', look);
        look();
        const fail = (): void => {
          reject(
            codexError(
              `Failed to see ${String(pattern)}: codex ended`,
              { stdout, stderr },
              secrets,
            ),
          );
        };
        exited.then(fail, fail);
      }),
  };
}
