import type { ClientProcess } from '../../client/clientProcess';
import { ErrorCode, RpcError, methodNotFound } from '../../protocol/errorCodes';
import type { RequestMethod } from '../../protocol/methods';
import type { ProcessSignal } from '../../protocol/processMessages';

/** What a server turned out not to know: it is asked once and not again. */
export class RemoteAbilities {
  private readonly unknownMethods = new Set<RequestMethod>();
  private readonly unknownSignals = new Set<ProcessSignal>();

  /** Calls a method; `undefined` where the server has none of this name. */
  async ifKnown<T>(method: RequestMethod, call: () => Promise<T>): Promise<T | undefined> {
    if (this.unknownMethods.has(method)) return undefined;
    try {
      return await call();
    } catch (error) {
      if (!hasCode(error, ErrorCode.methodNotFound)) throw error;
      this.unknownMethods.add(method);
      return undefined;
    }
  }

  /**
   * Signals a process, by the nearest thing to the signal that the server has.
   *
   * @throws RpcError −32601 when there is none.
   */
  async signal(process: ClientProcess, signal: ProcessSignal): Promise<void> {
    const substitute = substitutes[signal];
    if (await this.knowsSignal(process, signal)) return;
    if (substitute === 'process/terminate') await process.terminate();
    else if (substitute !== undefined) await this.signal(process, substitute);
    else throw methodNotFound('process/signal');
  }

  /** Asks a process to end, which it may refuse; answers false where the server has no way to. */
  async askToEnd(process: ClientProcess, signal: ProcessSignal): Promise<boolean> {
    if (await this.knowsSignal(process, signal)) return true;
    return this.knowsSignal(process, 'interrupt');
  }

  private async knowsSignal(process: ClientProcess, signal: ProcessSignal): Promise<boolean> {
    if (this.unknownSignals.has(signal)) return false;
    try {
      const sent = await this.ifKnown('process/signal', async () => {
        await process.signal(signal);
        return true;
      });
      return sent ?? false;
    } catch (error) {
      if (!hasCode(error, ErrorCode.invalidParams)) throw error;
      this.unknownSignals.add(signal);
      return false;
    }
  }
}

/** What comes closest. */
const substitutes: Readonly<
  Record<ProcessSignal, ProcessSignal | 'process/terminate' | undefined>
> = {
  interrupt: undefined,
  hangup: 'interrupt',
  quit: 'interrupt',
  terminate: 'process/terminate',
  kill: 'process/terminate',
};

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof RpcError && error.code === code;
}
