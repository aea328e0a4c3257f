import * as vscode from 'vscode';
import type { Clock } from '../../base/clock';
import { DisposableStore } from '../../base/lifecycle';
import type { Disposable } from '../../base/lifecycle';
import type { Logger } from '../../base/logger';
import type { ControlClient } from '../../control/controlClient';
import type { ExecutorModel, ModelProcess } from '../model/executorModel';
import { announceInput } from './announceInput';
import { ExecPseudoterminal } from './execPseudoterminal';

/** What the terminals work with. */
export interface ProcessTerminalsOptions {
  readonly model: ExecutorModel;
  readonly client: () => ControlClient | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface OpenTerminal {
  readonly terminal: vscode.Terminal;
  readonly pseudoterminal: ExecPseudoterminal;
}

/** The terminals opened for processes: at most one each, revealed when asked for again. */
export class ProcessTerminals implements Disposable {
  private readonly openTerminals = new Map<string, OpenTerminal>();
  private readonly subscriptions = new DisposableStore();
  private lastViewId = 0;

  constructor(private readonly options: ProcessTerminalsOptions) {
    this.subscriptions.add(
      vscode.window.onDidCloseTerminal((terminal) => {
        const key = this.keyOf(terminal);
        if (key !== undefined) this.openTerminals.delete(key);
      }),
    );
    this.subscriptions.add(options.model.onDidChange(() => this.update()));
  }

  /** Shows the output of a process; `false` when there is no executor to show it. */
  show(process: ModelProcess, focus: 'take' | 'keep'): boolean {
    const known = this.openTerminals.get(process.key);
    const isUsable = known !== undefined && !(known.pseudoterminal.isStale && process.isReachable);
    if (!isUsable) known?.terminal.dispose();
    const open = isUsable ? known : this.open(process);
    open?.terminal.show(focus === 'keep');
    return open !== undefined;
  }

  /** The process behind a terminal of ours. */
  processOf(terminal: vscode.Terminal | undefined): ModelProcess | undefined {
    const key = terminal === undefined ? undefined : this.keyOf(terminal);
    return key === undefined ? undefined : this.options.model.findProcess(key);
  }

  /** Closes the terminals: a viewer without its extension would never show anything again. */
  dispose(): void {
    this.subscriptions.dispose();
    for (const { terminal } of this.openTerminals.values()) terminal.dispose();
    this.openTerminals.clear();
  }

  private open(process: ModelProcess): OpenTerminal | undefined {
    const client = this.options.client();
    if (client === undefined || !process.isReachable) return undefined;
    const { clock, logger } = this.options;
    const viewId = ++this.lastViewId;
    const pseudoterminal = new ExecPseudoterminal({
      process,
      client,
      viewId,
      clock,
      logger,
      announce: announceInput,
    });
    const terminal = vscode.window.createTerminal({
      name: pseudoterminal.name,
      pty: pseudoterminal,
      iconPath: new vscode.ThemeIcon('server-process'),
      isTransient: true,
    });
    const open = { terminal, pseudoterminal };
    this.openTerminals.set(process.key, open);
    return open;
  }

  private update(): void {
    for (const [key, { pseudoterminal }] of this.openTerminals) {
      const process = this.options.model.findProcess(key);
      if (process !== undefined) pseudoterminal.update(process);
    }
  }

  private keyOf(terminal: vscode.Terminal): string | undefined {
    return [...this.openTerminals].find(([, open]) => open.terminal === terminal)?.[0];
  }
}
