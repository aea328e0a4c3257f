import { Emitter } from '../../../src/base/event';
import type { ControlClient, ControlEnd, ControlMethod } from '../../../src/control/controlClient';
import type {
  ChangedNotification,
  EnvironmentView,
  LogNotification,
  NoticeNotification,
  ProcessView,
  SessionView,
  Snapshot,
  ViewEndedNotification,
  ViewOutputNotification,
} from '../../../src/control/messages';
import { controlRequests } from '../../../src/control/messages';

/** A control channel without a socket: records requests, answers what a test prepared. */
export class FakeControlClient implements ControlClient {
  readonly requests: { readonly method: ControlMethod; readonly params: unknown }[] = [];
  readonly acknowledged: number[] = [];
  readonly answers = new Map<ControlMethod, () => unknown>();
  isDisposed = false;

  private readonly changeEmitter = new Emitter<ChangedNotification>();
  private readonly noticeEmitter = new Emitter<NoticeNotification>();
  private readonly logEmitter = new Emitter<LogNotification>();
  private readonly outputEmitter = new Emitter<ViewOutputNotification>();
  private readonly endEmitter = new Emitter<ViewEndedNotification>();
  private readonly closeEmitter = new Emitter<ControlEnd>();

  readonly onDidChange = this.changeEmitter.event;
  readonly onDidGiveNotice = this.noticeEmitter.event;
  readonly onDidLog = this.logEmitter.event;
  readonly onDidReceiveOutput = this.outputEmitter.event;
  readonly onDidEndView = this.endEmitter.event;
  readonly onDidClose = this.closeEmitter.event;

  constructor(readonly snapshot: Snapshot) {}

  request: ControlClient['request'] = async (method, params) => {
    this.requests.push({ method, params });
    await Promise.resolve();
    const answer = this.answers.get(method)?.() ?? {};
    // Views are answered with the process they show; tests do not look at it.
    const result = controlRequests[method].result.safeParse(answer);
    return (result.success ? result.data : answer) as never;
  };

  acknowledge(_viewId: number, bytes: number): void {
    this.acknowledged.push(bytes);
  }

  methods(): readonly ControlMethod[] {
    return this.requests.map(({ method }) => method);
  }

  change(change: ChangedNotification): void {
    this.changeEmitter.fire(change);
  }

  output(viewId: number, data: string | Buffer, droppedBytes?: number): void {
    const dataBase64 = Buffer.from(data).toString('base64');
    this.outputEmitter.fire({
      viewId,
      dataBase64,
      ...(droppedBytes === undefined ? {} : { droppedBytes }),
    });
  }

  endView(viewId: number, exitCode?: number): void {
    this.endEmitter.fire({ viewId, ...(exitCode === undefined ? {} : { exitCode }) });
  }

  close(end: ControlEnd = 'lost'): void {
    this.closeEmitter.fire(end);
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

export const TOKEN = 'agent-token-0123456789-0123456789-0123456789';

export function aSnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    executor: { instanceId: 'instance-1', pid: 4242, version: '0.1.0', startedAtMs: 0 },
    listener: { port: 7001, url: 'ws://127.0.0.1:7001/', token: TOKEN, connections: 0 },
    environment: anEnvironment(),
    sessions: [],
    processes: [],
    ...changes,
  };
}

export function anEnvironment(changes: Partial<EnvironmentView> = {}): EnvironmentView {
  return {
    mode: 'local',
    health: 'ready',
    capabilities: { exec: true, filesystem: true },
    ...changes,
  };
}

/** A remote that is there. */
export function aRemote(changes: Partial<EnvironmentView> = {}): EnvironmentView {
  return anEnvironment({
    mode: 'remote',
    remote: { name: 'box', address: 'wss://box.example/' },
    cwd: '/srv/app',
    ...changes,
  });
}

export function aSession(changes: Partial<SessionView> = {}): SessionView {
  return {
    sessionId: '6f1c0f3e-0000-4000-8000-000000000001',
    clientName: 'codex',
    state: 'attached',
    createdAtMs: 0,
    ...changes,
  };
}

export function aProcess(changes: Partial<ProcessView> = {}): ProcessView {
  return {
    serial: 1,
    sessionId: '6f1c0f3e-0000-4000-8000-000000000001',
    processId: 'build-1',
    argv: ['/bin/bash', '-lc', 'npm test'],
    cwd: '/work',
    pid: 100,
    tty: true,
    acceptsInput: true,
    state: 'running',
    inputHolder: 'agent',
    startedAtMs: 0,
    outputBytes: 0,
    ...changes,
  };
}
