import type { Clock } from '../../base/clock';
import { systemClock } from '../../base/clock';
import type { Disposable } from '../../base/lifecycle';
import type { Limits } from '../../base/limits';
import type { Logger } from '../../base/logger';
import { ErrorCode, RpcError, spawnFailed } from '../../protocol/errorCodes';
import type { ProcessBackend, StartRequest } from '../processBackend';
import { childEnvironment } from './childEnvironment';
import type { EnvironmentVariables } from './childEnvironment';
import { LocalProcess } from './localProcess';
import type { LoginVariables } from './loginVariables';
import { loadTerminalBinding } from './nodePtyBinding';
import type { TerminalBinding } from './nodePtyBinding';
import { OpenTerminals } from './openTerminals';
import { allocateReadBuffer } from './outputSource';
import { PipePairs } from './pipePairs';
import { PipeProgram } from './pipeProcess';
import { ProcessTable } from './processTable';
import { ProcessTree } from './processTree';
import { PtyProgram } from './ptyProcess';
import type { ProgramRequest, RunningProgram } from './runningProgram';
import { ShellSnapshots } from './shellSnapshots';
import type { ConfinedProgram, Confinement } from './sandbox/confinement';
import { cannotConfine } from './sandbox/sandboxErrors';
import { WindowsPtyProgram } from './windowsPtyProcess';

/** What the processes of this machine are run with. */
export interface LocalProcessBackendOptions {
  readonly limits: Limits;
  readonly logger: Logger;
  /** The executor's own environment, unfiltered. */
  readonly baseEnvironment: NodeJS.ProcessEnv;
  readonly clock?: Clock;
  /** Absent where programs cannot be confined. */
  readonly confinement?: Confinement;
  /** Shared with whoever else starts programs in this executor. */
  readonly terminals?: OpenTerminals;
}

/** Starts processes on this machine, on pipes or in a terminal. */
export class LocalProcessBackend implements ProcessBackend, Disposable {
  private readonly terminals: OpenTerminals;
  private readonly pipes: PipePairs;
  private readonly clock: Clock;
  private readonly snapshots: ShellSnapshots;
  private readonly table = new ProcessTable();
  private readonly readBuffer = allocateReadBuffer();
  private readonly processes = new Set<LocalProcess>();
  /** Trees of closed processes, by pid: what they left in the background ends with the executor. */
  private readonly closedTrees = new Map<number, ProcessTree>();
  /** What was made for sandboxes whose programs may still run. */
  private readonly confined = new Set<ConfinedProgram>();
  private binding: TerminalBinding | undefined;
  private disposed = false;

  constructor(private readonly options: LocalProcessBackendOptions) {
    this.clock = options.clock ?? systemClock;
    this.terminals = options.terminals ?? new OpenTerminals();
    const { logger } = options;
    this.pipes = new PipePairs({ terminals: this.terminals, logger, clock: this.clock });
    this.snapshots = new ShellSnapshots({
      limits: options.limits,
      logger: options.logger,
      clock: this.clock,
      environmentOf: (request, login) => this.environmentOf(request, login),
      run: (request) => this.start(request),
    });
  }

  /** Makes ahead of time what the first start would otherwise wait for. */
  prepare(): void {
    this.pipes.replenish();
    void this.pipes.removeLeftFolders();
  }

  async start(request: StartRequest): Promise<LocalProcess> {
    if (this.disposed) throw shuttingDown();
    const { argv, cwd, arg0 } = request;
    const env = this.environmentOf(request);
    refuseNul([...argv, cwd, arg0 ?? '', ...Object.keys(env), ...Object.values(env)]);
    // execvp(3) would say the same; Node would call it a wrong argument.
    if (argv[0] === '') throw spawnFailed('ENOENT');
    const restored = this.snapshots.find(request, env);
    const asked = { argv, cwd, env, arg0, ...restored?.program };
    const confined = await this.confine(asked, request);
    let program: RunningProgram;
    try {
      program = await this.startProgram({ ...asked, ...confined?.program }, request);
    } catch (error) {
      restored?.dispose();
      if (confined !== undefined) this.release(confined);
      throw error;
    }
    if (restored === undefined) this.snapshots.prepare(request, env);
    const tree = new ProcessTree(program.pid, this.table);
    const process = new LocalProcess(program, {
      limits: this.options.limits,
      tree,
      clock: this.clock,
      logger: this.options.logger,
      isTerminal: request.terminal !== undefined,
      sandboxType: confined?.type,
    });
    this.processes.add(process);
    void process.closing.then(() => {
      this.processes.delete(process);
      this.rememberTree(tree);
      restored?.dispose();
      if (confined !== undefined) this.releaseAfter(tree, confined);
    });
    return process;
  }

  /** Ends everything that was started, politely first. Nothing can be started any more. */
  async close(graceMs: number): Promise<void> {
    this.disposed = true;
    this.snapshots.stop();
    await Promise.all([
      ...[...this.processes].map((process) => process.end(graceMs)),
      ...[...this.closedTrees.values()].map((tree) => tree.end('SIGTERM', graceMs, this.clock)),
    ]);
    this.dispose();
  }

  /** Kills everything that was started and lets go of every descriptor. */
  dispose(): void {
    this.disposed = true;
    this.snapshots.dispose();
    for (const process of this.processes) process.kill();
    for (const tree of this.closedTrees.values()) tree.kill();
    this.closedTrees.clear();
    for (const confined of this.confined) this.release(confined);
    this.pipes.dispose();
  }

  private environmentOf(request: StartRequest, login?: LoginVariables): EnvironmentVariables {
    const { env, envPolicy: policy } = request;
    return childEnvironment({ base: this.options.baseEnvironment, env, policy, login });
  }

  private async confine(
    program: ProgramRequest,
    { sandbox }: StartRequest,
  ): Promise<ConfinedProgram | undefined> {
    if (sandbox === undefined) return undefined;
    const { confinement } = this.options;
    if (confinement === undefined) throw cannotConfine('it has no means to on this platform');
    const confined = await confinement.confine(program, sandbox);
    // The backend may have been closed while files were looked at.
    if (!this.disposed) {
      this.confined.add(confined);
      return confined;
    }
    confined.dispose();
    throw shuttingDown();
  }

  /** What was made for a sandbox goes when nothing in it can act any more. */
  private releaseAfter(tree: ProcessTree, confined: ConfinedProgram): void {
    void tree.goneWithin(confinedEndMs, this.clock).then(() => {
      this.release(confined);
    });
  }

  private release(confined: ConfinedProgram): void {
    this.confined.delete(confined);
    confined.dispose();
  }

  private startProgram(
    program: ProgramRequest,
    { pipeStdin, terminal }: StartRequest,
  ): Promise<RunningProgram> | RunningProgram {
    const { limits, logger } = this.options;
    if (terminal === undefined) {
      return PipeProgram.start(
        { ...program, pipeStdin },
        {
          pipes: this.pipes,
          terminals: this.terminals,
          readBuffer: this.readBuffer,
          clock: this.clock,
          maxQueuedStdinBytes: limits.maxQueuedStdinBytes,
          logger,
        },
      );
    }
    if (process.platform === 'win32') return WindowsPtyProgram.start({ ...program, terminal });
    this.binding ??= loadTerminalBinding();
    return PtyProgram.start(
      { ...program, terminal },
      {
        binding: this.binding,
        terminals: this.terminals,
        readBuffer: this.readBuffer,
        executorPath: this.options.baseEnvironment['PATH'],
        maxQueuedStdinBytes: limits.maxQueuedStdinBytes,
        clock: this.clock,
        logger,
      },
    );
  }

  private rememberTree(tree: ProcessTree): void {
    // Under a pid given out again nothing of its earlier owner's session can be left.
    this.closedTrees.set(tree.pid, tree);
    if (this.closedTrees.size <= maxClosedTrees) return;
    const sessions = new Set(this.table.read().map((record) => record.sessionId));
    for (const pid of this.closedTrees.keys()) {
      if (!sessions.has(pid)) this.closedTrees.delete(pid);
    }
  }
}

/** Trees of closed processes remembered before those with nothing left are looked for and dropped. */
const maxClosedTrees = 512;

/** The kernel ends what is in a sandbox together with its first program; this is for a machine under load. */
const confinedEndMs = 1000;

const shuttingDown = (): RpcError =>
  new RpcError(ErrorCode.internal, 'the exec server is shutting down');

function refuseNul(texts: readonly string[]): void {
  if (texts.some((text) => text.includes('\0'))) {
    throw new RpcError(ErrorCode.internal, 'nul byte found in provided data');
  }
}
