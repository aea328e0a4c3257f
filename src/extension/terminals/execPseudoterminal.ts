import { StringDecoder } from 'node:string_decoder';
import type { Pseudoterminal, TerminalDimensions } from 'vscode';
import type { Clock } from '../../base/clock';
import { toError } from '../../base/errors';
import { Emitter } from '../../base/event';
import { DisposableStore } from '../../base/lifecycle';
import type { Logger } from '../../base/logger';
import type { ControlClient } from '../../control/controlClient';
import type { ViewOutputNotification } from '../../control/messages';
import { displayText } from '../model/displayText';
import { isRunning } from '../model/executorModel';
import type { ModelProcess } from '../model/executorModel';
import { processLabel } from '../model/treeModel';
import { LineInput } from './lineInput';
import { OutputPacer } from './outputPacer';
import { TerminalFilter } from './terminalFilter';
import { terminalNotices } from './terminalNotices';

/** Tabs are narrow; the state word must stay in sight. */
const MAX_NAME_CHARS = 40;

/** Small enough that a paste leaves room for other requests between its pieces. */
const INPUT_PIECE_BYTES = 4 * 1024;

/** Typed ahead of a program that does not read; a paste beyond it is cut, and the user is told. */
const MAX_QUEUED_INPUT_BYTES = 1024 * 1024;

/** The editor sets the name it was given at first once more while it opens the terminal, at a time it does not tell. */
const NAME_REPEAT_MS = [500, 3000] as const;

/** Mouse and focus reports, which a person moving the pointer does not mean as typing. */
// eslint-disable-next-line no-control-regex -- reports begin with ESC
const POINTER_REPORT = /^\u001b\[(?:<|M|I$|O$)/;

/** What one viewer is about and what it works with. */
export interface ViewerOptions {
  readonly process: ModelProcess;
  readonly client: ControlClient;
  readonly viewId: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells the user; outside the terminal, because a line of ours would move what the program draws. */
  readonly announce: (fact: InputFact, process: ModelProcess) => void;
}

/** What there is to tell about whose input it is. */
export type InputFact = 'readOnly' | 'takesNoInput' | 'takenOver' | 'handedBack' | 'inputDropped';

/**
 * One process as a terminal: what is retained, then live output; read-only until the user takes the
 * input over. Closing it ends the view, never the process.
 */
export class ExecPseudoterminal implements Pseudoterminal {
  private process: ModelProcess;
  private readonly subscriptions = new DisposableStore();
  private readonly writeEmitter = new Emitter<string>();
  private readonly nameEmitter = new Emitter<string>();
  private readonly decoder = new StringDecoder('utf8');
  private readonly filter = new TerminalFilter();
  private readonly lineInput = new LineInput();
  private readonly pacer: OutputPacer;
  private dimensions: TerminalDimensions | undefined;
  private sending: Promise<void> = Promise.resolve();
  private queuedInputBytes = 0;
  private isOpen = false;
  private readonly initialName: string;
  private toldName: string;
  private toldHolder: ModelProcess['inputHolder'] = 'agent';
  private hasHinted = false;
  private hasEnded = false;
  private isCutOff = false;

  readonly onDidWrite = this.writeEmitter.event;
  readonly onDidChangeName = this.nameEmitter.event;

  constructor(private readonly options: ViewerOptions) {
    const { client, viewId, clock } = options;
    this.process = options.process;
    this.initialName = this.name;
    this.toldName = this.name;
    this.pacer = this.subscriptions.add(
      new OutputPacer(clock, {
        write: (text) => this.writeEmitter.fire(text),
        acknowledge: (bytes) => {
          if (!this.isCutOff) client.acknowledge(viewId, bytes);
        },
      }),
    );
  }

  /** For the tab: the command, and whose keyboard it is or how it ended. */
  get name(): string {
    return `${processLabel(this.process, MAX_NAME_CHARS)}${stateWord(this.process)}`;
  }

  /** Its executor went away before the process was seen to end; only another viewer can show more. */
  get isStale(): boolean {
    return this.isCutOff;
  }

  open(initialDimensions: TerminalDimensions | undefined): void {
    const { client, viewId } = this.options;
    const { serial } = this.process;
    this.subscriptions.add(
      client.onDidReceiveOutput((output) => {
        if (output.viewId === viewId) this.showOutput(output);
      }),
    );
    this.subscriptions.add(
      client.onDidEndView((ended) => {
        if (ended.viewId === viewId) this.showEnd(terminalNotices.exited(ended.exitCode));
      }),
    );
    this.subscriptions.add(
      client.onDidClose(() => {
        this.isCutOff = true;
        this.showEnd(terminalNotices.lost);
      }),
    );
    client.request('view/open', { serial, viewId }).catch((error: unknown) => {
      this.showEnd(terminalNotices.cannotOpen(displayText(toError(error).message)));
    });
    if (initialDimensions !== undefined) this.setDimensions(initialDimensions);
    this.isOpen = true;
    this.tellState();
    for (const delayMs of NAME_REPEAT_MS) {
      this.subscriptions.add(this.options.clock.schedule(() => this.repeatName(), delayMs));
    }
  }

  /** The user closed the terminal: nobody can type any more, so the input goes back to the agent. */
  close(): void {
    const { client, viewId } = this.options;
    const { serial } = this.process;
    this.subscriptions.dispose();
    this.quietly('view/close', client.request('view/close', { viewId }));
    if (this.isHeldByUser) {
      this.quietly('input/handBack', client.request('input/handBack', { serial }));
    }
    this.hasEnded = true;
  }

  setDimensions(dimensions: TerminalDimensions): void {
    const { rows, columns: cols } = dimensions;
    const { tty, serial } = this.process;
    const isSame = this.dimensions?.rows === rows && this.dimensions.columns === cols;
    if (!tty || isSame || rows < 1 || cols < 1 || !isRunning(this.process)) return;
    this.dimensions = dimensions;
    this.quietly(
      'process/resize',
      this.options.client.request('process/resize', { serial, rows, cols }),
    );
  }

  handleInput(data: string): void {
    if (this.hasEnded || !isRunning(this.process)) return;
    if (!this.isHeldByUser) {
      this.hintOnce(data);
    } else if (this.process.tty) {
      this.send(data);
    } else {
      this.typeLine(data);
    }
  }

  /** The model knows something else about the process. */
  update(process: ModelProcess): void {
    this.process = process;
    this.tellState();
  }

  /** The tab's name and whose keyboard it is; the editor drops events from before it opened the terminal. */
  private tellState(): void {
    if (!this.isOpen) return;
    if (this.name !== this.toldName) {
      this.toldName = this.name;
      this.nameEmitter.fire(this.name);
    }
    const { inputHolder } = this.process;
    if (inputHolder === this.toldHolder || !isRunning(this.process)) return;
    this.toldHolder = inputHolder;
    this.announce(inputHolder === 'user' ? 'takenOver' : 'handedBack');
  }

  private announce(fact: InputFact): void {
    this.options.announce(fact, this.process);
  }

  private repeatName(): void {
    if (this.name !== this.initialName) this.nameEmitter.fire(this.name);
  }

  private get isHeldByUser(): boolean {
    return this.process.inputHolder === 'user' && isRunning(this.process);
  }

  private showOutput(output: ViewOutputNotification): void {
    if (output.droppedBytes !== undefined && output.droppedBytes > 0) {
      this.pacer.push(terminalNotices.droppedBytes(output.droppedBytes));
    }
    const bytes = Buffer.from(output.dataBase64, 'base64');
    const text = this.filter.write(this.decoder.write(bytes));
    // A pipe has no terminal that would add the carriage return.
    this.pacer.push(this.process.tty ? text : text.replace(/\r?\n/g, '\r\n'), bytes.length);
  }

  private showEnd(notice: string): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.pacer.push(notice);
  }

  private hintOnce(data: string): void {
    if (this.hasHinted || POINTER_REPORT.test(data)) return;
    this.hasHinted = true;
    this.announce(this.process.acceptsInput ? 'readOnly' : 'takesNoInput');
  }

  private typeLine(data: string): void {
    const { echo, send, isInterrupt } = this.lineInput.accept(data);
    if (echo !== '') this.pacer.push(echo);
    if (send !== '') this.send(send);
    if (!isInterrupt) return;
    const { serial } = this.process;
    this.quietly(
      'process/signal',
      this.options.client.request('process/signal', { serial, signal: 'interrupt' }),
    );
  }

  private send(data: string): void {
    const bytes = Buffer.from(data, 'utf8');
    if (this.queuedInputBytes + bytes.length > MAX_QUEUED_INPUT_BYTES) {
      this.announce('inputDropped');
      return;
    }
    this.queuedInputBytes += bytes.length;
    for (let start = 0; start < bytes.length; start += INPUT_PIECE_BYTES) {
      const piece = bytes.subarray(start, start + INPUT_PIECE_BYTES);
      this.sending = this.sending.then(() => this.sendPiece(piece));
    }
  }

  private async sendPiece(piece: Buffer): Promise<void> {
    try {
      // What is still queued when the input goes back must not reach the agent's program.
      if (!this.isHeldByUser) return;
      await this.options.client.request('input/write', {
        serial: this.process.serial,
        dataBase64: piece.toString('base64'),
      });
    } catch (error) {
      this.options.logger.debug('failed to write input', { reason: toError(error).message });
    } finally {
      this.queuedInputBytes -= piece.length;
    }
  }

  /** For requests whose failure means only that the process or the executor is gone, which the view tells anyway. */
  private quietly(method: string, request: Promise<unknown>): void {
    request.catch((error: unknown) => {
      this.options.logger.debug('got no result', { method, reason: toError(error).message });
    });
  }
}

function stateWord(process: ModelProcess): string {
  if (process.isLost) return ' (lost)';
  if (process.failure !== undefined) return ' (failed)';
  if (process.state !== 'running') return ` (exited ${process.exitCode ?? 'unknown'})`;
  return process.inputHolder === 'user' ? ' (yours)' : '';
}
