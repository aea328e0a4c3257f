import type { Clock } from '../../base/clock';
import { systemClock } from '../../base/clock';
import type { Disposable } from '../../base/lifecycle';
import type { Limits } from '../../base/limits';
import type { Logger } from '../../base/logger';
import { ErrorCode, RpcError, spawnFailed } from '../../protocol/errorCodes';
import type { ProcessBackend, StartRequest } from '../processBackend';
import { childEnvironment } from './childEnvironment';
import { LocalProcess } from './localProcess';
import { loadTerminalBinding } from './nodePtyBinding';
import type { TerminalBinding } from './nodePtyBinding';
import { OpenTerminals } from './openTerminals';
import { PipePairs } from './pipePairs';
import { PipeProgram } from './pipeProcess';
import { ProcessTable } from './processTable';
import { ProcessTree } from './processTree';
import { PtyProgram } from './ptyProcess';
import type { ProgramRequest, RunningProgram } from './runningProgram';
import { WindowsPtyProgram } from './windowsPtyProcess';

/** What the processes of this machine are run with. */
export interface LocalProcessBackendOptions {
  readonly limits: Limits;
  readonly logger: Logger;
  /** The executor's own environment, unfiltered. */
  readonly baseEnvironment: NodeJS.ProcessEnv;
  readonly clock?: Clock;
}

/** Starts processes on this machine, on pipes or in a terminal. */
export class LocalProcessBackend implements ProcessBackend, Disposable {
  private readonly terminals = new OpenTerminals();
  private readonly pipes: PipePairs;
  private readonly clock: Clock;
  private readonly table = new ProcessTable();
  private readonly processes = new Set<LocalProcess>();
  /** Trees of closed processes, by pid: what they left in the background ends with the executor. */
  private readonly closedTrees = new Map<number, ProcessTree>();
  private binding: TerminalBinding | undefined;
  private disposed = false;

  constructor(private readonly options: LocalProcessBackendOptions) {
    this.clock = options.clock ?? systemClock;
    this.pipes = new PipePairs(this.terminals, options.logger, this.clock);
    this.pipes.replenish();
  }

  async start(request: StartRequest): Promise<LocalProcess> {
    if (this.disposed) throw new RpcError(ErrorCode.internal, 'the exec server is shutting down');
    const env = childEnvironment({
      base: this.options.baseEnvironment,
      env: request.env,
      policy: request.envPolicy,
    });
    const { argv, cwd, arg0 } = request;
    refuseNul([...argv, cwd, arg0 ?? '', ...Object.keys(env), ...Object.values(env)]);
    // execvp(3) would say the same; Node would call it a wrong argument.
    if (argv[0] === '') throw spawnFailed('ENOENT');
    const program = await this.startProgram({ argv, cwd, env, arg0 }, request);
    const tree = new ProcessTree(program.pid, this.table);
    const process = new LocalProcess(program, {
      limits: this.options.limits,
      tree,
      clock: this.clock,
      logger: this.options.logger,
      isTerminal: request.terminal !== undefined,
    });
    this.processes.add(process);
    void process.closing.then(() => {
      this.processes.delete(process);
      this.rememberTree(tree);
    });
    return process;
  }

  /** Ends everything that was started, politely first. Nothing can be started any more. */
  async close(graceMs: number): Promise<void> {
    this.disposed = true;
    await Promise.all([
      ...[...this.processes].map((process) => process.end(graceMs)),
      ...[...this.closedTrees.values()].map((tree) => tree.end('SIGTERM', graceMs, this.clock)),
    ]);
    this.dispose();
  }

  /** Kills everything that was started and lets go of every descriptor. */
  dispose(): void {
    this.disposed = true;
    for (const process of this.processes) process.kill();
    for (const tree of this.closedTrees.values()) tree.kill();
    this.closedTrees.clear();
    this.pipes.dispose();
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

function refuseNul(texts: readonly string[]): void {
  if (texts.some((text) => text.includes('\0'))) {
    throw new RpcError(ErrorCode.internal, 'nul byte found in provided data');
  }
}
