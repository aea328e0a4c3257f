import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Clock } from '../../base/clock';
import { toError } from '../../base/errors';
import type { Disposable } from '../../base/lifecycle';
import { toDisposable } from '../../base/lifecycle';
import type { Limits } from '../../base/limits';
import type { Logger } from '../../base/logger';
import type { ManagedProcess, StartRequest } from '../processBackend';
import { AnonymousFile } from './anonymousFile';
import type { EnvironmentVariables } from './childEnvironment';
import type { LoginVariables } from './loginVariables';
import { loginVariables } from './loginVariables';
import type { ProgramRequest } from './runningProgram';
import type { ShellFamily } from './shellState';
import { captureCommand, readShellState, restoringScript, shellFamilies } from './shellState';

export interface ShellSnapshotsOptions {
  readonly limits: Limits;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The environment of a start, after a login or before it. */
  readonly environmentOf: (request: StartRequest, login?: LoginVariables) => EnvironmentVariables;
  /** Starts a program as it is, without a snapshot. */
  readonly run: (request: StartRequest) => Promise<ManagedProcess>;
}

/** What to start in place of a login shell; disposed when that has ended or was not started. */
export interface RestoredShell extends Disposable {
  readonly program: Pick<ProgramRequest, 'argv' | 'env'>;
}

/** A start that a snapshot can stand for, and what tells one snapshot from another. */
interface Eligible {
  readonly family: ShellFamily;
  readonly key: string;
}

/** What a login shell became. */
class Snapshot {
  private users = 0;
  private isDropped = false;

  constructor(
    readonly script: AnonymousFile,
    readonly login: LoginVariables,
  ) {}

  /** Keeps the script until the result is disposed: another file may be opened under its number then. */
  use(): Disposable {
    this.users += 1;
    return toDisposable(() => {
      this.users -= 1;
      if (this.isDropped && this.users === 0) this.script.dispose();
    });
  }

  drop(): void {
    this.isDropped = true;
    if (this.users === 0) this.script.dispose();
  }
}

/** `taking` while a shell is being asked; `failed` when it could not tell, and is not asked again. */
type Entry = Snapshot | 'taking' | 'failed';

/** Variables by which a shell finds its files, and one that many of these files look at. */
const decidingVariables = ['HOME', 'ZDOTDIR', 'BASH_ENV', 'TERM'];

/** Where a shell can open a file of the executor that has no name. */
export const hasShellSnapshots = process.platform === 'linux';

/**
 * Remembers what login shells became by reading the user's files, so that later ones need not read them. The
 * first start of a scope is plain, and beside it the same shell is asked for its state; once that is known,
 * starts are made from it. A shell that does not tell in time, or not at all, is always started plainly.
 */
export class ShellSnapshots implements Disposable {
  /** The one unused for longest comes first. */
  private readonly entries = new Map<string, Entry>();
  private isTaking = false;
  private stopped = false;

  constructor(private readonly options: ShellSnapshotsOptions) {}

  /** The shell to start in place of the requested one; `env` is what that one would get. */
  find(request: StartRequest, env: EnvironmentVariables): RestoredShell | undefined {
    const eligible = eligibleOf(request, env);
    const entry = eligible && this.entries.get(eligible.key);
    if (eligible === undefined || !(entry instanceof Snapshot)) return undefined;
    const { family, key } = eligible;
    this.entries.delete(key);
    this.entries.set(key, entry);
    const script = entry.script.path;
    const restored = this.options.environmentOf(request, entry.login);
    if (family.variable !== undefined) Object.assign(restored, { [family.variable]: script });
    const program = { argv: family.restoring(request.argv, script), env: restored };
    return { program, ...entry.use() };
  }

  /** Takes a snapshot for later starts like this one, unless there is one or another is being taken. */
  prepare(request: StartRequest, env: EnvironmentVariables): void {
    const eligible = eligibleOf(request, env);
    if (eligible === undefined || this.stopped || this.isTaking) return;
    if (this.entries.has(eligible.key)) return;
    this.isTaking = true;
    void this.fill(eligible, request, env);
  }

  /** No snapshot is taken any more, and it is no failure that one under way comes to nothing. */
  stop(): void {
    this.stopped = true;
  }

  dispose(): void {
    this.stop();
    for (const entry of this.entries.values()) if (entry instanceof Snapshot) entry.drop();
    this.entries.clear();
  }

  private async fill(
    { family, key }: Eligible,
    request: StartRequest,
    env: EnvironmentVariables,
  ): Promise<void> {
    const { logger } = this.options;
    const [shell] = request.argv;
    this.entries.set(key, 'taking');
    try {
      const snapshot = await this.take(family, request, env);
      this.entries.set(key, snapshot);
      logger.debug('shell snapshot taken', { shell });
    } catch (error) {
      this.entries.set(key, 'failed');
      if (!this.stopped) {
        const reason = toError(error).message;
        logger.warn('shell snapshot not taken, starts stay plain', { shell, reason });
      }
    }
    this.isTaking = false;
    this.dropOldest();
  }

  private async take(
    family: ShellFamily,
    request: StartRequest,
    env: EnvironmentVariables,
  ): Promise<Snapshot> {
    const state = await this.ask(family, request);
    const login = loginVariables(env, state.variables);
    const { variable } = family;
    const value = variable && this.options.environmentOf(request, login)[variable];
    // The executor may have come to its end meanwhile.
    if (this.stopped) throw new Error('the executor is ending');
    const script = AnonymousFile.create();
    try {
      script.write(restoringScript(family, state, value));
    } catch (error) {
      script.dispose();
      throw error;
    }
    return new Snapshot(script, login);
  }

  /** Starts the shell once more, with a command that tells its state. */
  private async ask(family: ShellFamily, { argv, cwd, env, envPolicy }: StartRequest) {
    const { maxShellSnapshotBytes } = this.options.limits;
    const file = AnonymousFile.create();
    try {
      const shell: StartRequest['argv'] = [argv[0], '-lc', captureCommand(family, file.path)];
      const request = { argv: shell, cwd, env, envPolicy, pipeStdin: false };
      await this.exitOf(await this.options.run(request));
      if (file.size > maxShellSnapshotBytes) {
        throw new Error(`its state has ${file.size} bytes, more than ${maxShellSnapshotBytes}`);
      }
      const state = readShellState(family, file.read());
      if (state === undefined) throw new Error('the shell ended before it had told its state');
      return state;
    } finally {
      file.dispose();
    }
  }

  private exitOf(process: ManagedProcess): Promise<void> {
    const { clock, limits } = this.options;
    let timedOut = false;
    const deadline = clock.schedule(() => {
      timedOut = true;
      process.terminate();
    }, limits.shellSnapshotMs);
    // Whatever happens, the file it writes to stays open for as long as it lives; see `Snapshot.use`.
    return new Promise((resolve, reject) => {
      const subscription = process.onDidEmit(({ type }) => {
        if (type !== 'exited') return;
        subscription.dispose();
        deadline.dispose();
        if (timedOut) reject(new Error(`the shell took longer than ${limits.shellSnapshotMs} ms`));
        else resolve();
      });
    });
  }

  private dropOldest(): void {
    for (const [key, entry] of this.entries) {
      if (this.entries.size <= this.options.limits.maxShellSnapshots) return;
      this.entries.delete(key);
      if (entry instanceof Snapshot) entry.drop();
    }
  }
}

/**
 * A snapshot stands for `[shell, '-lc', …]` only, as the measured peer has it. Without a policy the request is
 * the whole environment, and would undo what the user's files did to it. Another name could make it another
 * shell, and confined starts have none: their agent chooses the shell, and the one asked is not confined.
 */
function eligibleOf(request: StartRequest, env: EnvironmentVariables): Eligible | undefined {
  const { shellSnapshot, envPolicy, argv, arg0, sandbox } = request;
  if (shellSnapshot === undefined || envPolicy === undefined) return undefined;
  const { scopeId, shell } = shellSnapshot;
  const family = shellFamilies.get(shell.name);
  if (family === undefined || !hasShellSnapshots) return undefined;
  if (arg0 !== undefined || sandbox !== undefined) return undefined;
  if (argv[0] !== shell.path || argv[1] !== '-lc' || argv.length < 3) return undefined;
  if (!path.isAbsolute(shell.path)) return undefined;
  const facts = [scopeId, shell, envPolicy, decidingVariables.map((name) => env[name] ?? null)];
  return { family, key: createHash('sha256').update(JSON.stringify(facts)).digest('hex') };
}
