import type { Event } from '../base/event';
import type { EnvironmentMode, EnvironmentView } from '../control/messages';
import type { ExecutorState } from './executor/executorSupervisor';
import type { ExecutorModel } from './model/executorModel';

/** A session as other extensions may see it. */
export interface ApiSession {
  readonly sessionId: string;
  readonly clientName: string;
  readonly state: 'attached' | 'detached' | 'ended';
}

/** A process as other extensions may see it; not what it prints. */
export interface ApiProcess {
  /** Names the process in the argument of a command: `{ kind: 'process', id: key }`. */
  readonly key: string;
  readonly sessionId: string;
  readonly processId: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly pid: number | undefined;
  readonly tty: boolean;
  readonly state: 'running' | 'closing' | 'closed' | 'lost';
  readonly exitCode: number | undefined;
  /** Why nobody can tell what became of it; then it is `closed`. */
  readonly failure: string | undefined;
  /** The remote it runs on; its `cwd` is a path there. */
  readonly remote: string | undefined;
  readonly inputHolder: 'agent' | 'user';
}

/** What `activate` returns. Read-only, and without the token: other extensions run in the same host. */
export interface ExecServerApi {
  readonly state: ExecutorState['kind'];
  readonly mode: EnvironmentMode | undefined;
  /** Where agents' calls go and what agents may do there, while the executor runs. */
  readonly environment: EnvironmentView | undefined;
  readonly port: number | undefined;
  readonly executorPid: number | undefined;
  sessions(): readonly ApiSession[];
  processes(): readonly ApiProcess[];
  /** Something of the above may have changed. */
  readonly onDidChange: Event<void>;
}

/** The view other extensions and the tests inside the extension host get. */
export function createApi(
  model: ExecutorModel,
  state: () => ExecutorState,
  onDidChange: Event<void>,
): ExecServerApi {
  return {
    get state() {
      return state().kind;
    },
    get mode() {
      return model.environment?.mode;
    },
    get environment() {
      return model.environment;
    },
    get executorPid() {
      const current = state();
      return current.kind === 'running' ? current.client.snapshot.executor.pid : undefined;
    },
    get port() {
      return model.listener?.port;
    },
    sessions: () =>
      model.sessions.map((session) => ({
        sessionId: session.sessionId,
        clientName: session.clientName,
        state: session.state,
      })),
    processes: () =>
      model.processes.map((process) => ({
        key: process.key,
        sessionId: process.sessionId,
        processId: process.processId,
        argv: process.argv,
        cwd: process.cwd,
        pid: process.pid,
        tty: process.tty,
        state: process.isLost ? 'lost' : process.state,
        exitCode: process.exitCode,
        failure: process.failure,
        remote: process.remote,
        inputHolder: process.inputHolder,
      })),
    onDidChange,
  };
}
