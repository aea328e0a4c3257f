import * as vscode from 'vscode';
import type { Clock } from '../base/clock';
import { DisposableStore, MutableDisposable } from '../base/lifecycle';
import type { Disposable } from '../base/lifecycle';
import type { NoticeNotification } from '../control/messages';
import { commandIds } from './commands/commandIds';
import type { ExecutorState, ExecutorSupervisor } from './executor/executorSupervisor';
import { plural } from './model/duration';
import type { ExecutorModel } from './model/executorModel';
import { notifyError, notifyWarning } from './notify';
import { passOnLogLine } from './outputLogger';

/** A guesser must not be able to fill the screen. */
const NOTICE_INTERVAL_MS = 5 * 60_000;

/** Tells the user what happens to the executor without their doing, and nothing else. */
export class ExecutorNotices implements Disposable {
  private readonly subscriptions = new DisposableStore();
  private readonly connection = this.subscriptions.add(new MutableDisposable<DisposableStore>());
  /** The executor that was running when it was lost, until there is one again. */
  private lost: { readonly instanceId: string; readonly lostProcesses: number } | undefined;
  private runningInstanceId = '';
  private lastNoticeAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    supervisor: ExecutorSupervisor,
    private readonly model: ExecutorModel,
    private readonly channel: vscode.LogOutputChannel,
    private readonly clock: Clock,
  ) {
    this.subscriptions.add(supervisor.onDidChangeState((state) => this.onState(state)));
    this.subscriptions.add(
      supervisor.onDidChangePort(({ wanted, port }) => {
        notifyWarning(
          `Port ${wanted} is used by another program. Exec Server listens on port ${port} with another token. Copy the connect command again for your agents.`,
          { 'Copy Connect Command': run(commandIds.copyConnectCommand) },
        );
      }),
    );
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private onState(state: ExecutorState): void {
    if (state.kind === 'restarting') this.onLoss();
    if (state.kind === 'failed') {
      this.lost = undefined;
      notifyError(`Exec Server is not running. ${state.reason}`, {
        Restart: run(commandIds.restart),
        'Show Log': run(commandIds.showLog),
      });
    }
    if (state.kind !== 'running') {
      this.connection.value = undefined;
      return;
    }
    this.onRunning(state.client.snapshot.executor.instanceId);
    const connection = new DisposableStore();
    connection.add(state.client.onDidGiveNotice((notice) => this.onNotice(notice)));
    connection.add(
      state.client.onDidLog((log) => passOnLogLine(this.channel, log, this.clock.now())),
    );
    this.connection.value = connection;
  }

  private onLoss(): void {
    this.lost ??= {
      instanceId: this.runningInstanceId,
      lostProcesses: this.model.processes.filter(
        ({ key, isLost }) => isLost && key.startsWith(`${this.runningInstanceId}/`),
      ).length,
    };
  }

  private onRunning(instanceId: string): void {
    const { lost } = this;
    this.lost = undefined;
    this.runningInstanceId = instanceId;
    // The same executor again: only the connection was lost, and nothing with it.
    if (lost === undefined || lost.instanceId === instanceId) return;
    const processes = plural(lost.lostProcesses, 'process was', 'processes were');
    const loss = lost.lostProcesses === 0 ? '' : ` ${processes} lost.`;
    notifyWarning(`Exec Server ended unexpectedly and was started again.${loss}`, {
      'Show Log': run(commandIds.showLog),
    });
  }

  private onNotice({ message }: NoticeNotification): void {
    const now = this.clock.now();
    if (now - this.lastNoticeAtMs < NOTICE_INTERVAL_MS) return;
    this.lastNoticeAtMs = now;
    notifyWarning(message, {
      'Rotate Token': run(commandIds.rotateToken),
      'Show Log': run(commandIds.showLog),
    });
  }
}

function run(command: string): () => unknown {
  return () => vscode.commands.executeCommand(command);
}
