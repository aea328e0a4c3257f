import { describe, expect, it } from 'vitest';
import { RemoteAbilities } from '../../../../src/environment/remote/remoteAbilities';
import { invalidParams, methodNotFound } from '../../../../src/protocol/errorCodes';
import type { ProcessSignal } from '../../../../src/protocol/processMessages';
import { FakeClientProcess } from '../../../support/fakeExecServerClient';

const signals: readonly ProcessSignal[] = ['interrupt', 'terminate', 'kill', 'hangup', 'quit'];

function processThatKnows(known: readonly ProcessSignal[] | undefined): FakeClientProcess {
  const process = new FakeClientProcess();
  for (const signal of signals) {
    if (known?.includes(signal) === true) continue;
    process.answers.set(`signal ${signal}`, () => {
      throw known === undefined
        ? methodNotFound('process/signal')
        : invalidParams('unknown variant');
    });
  }
  return process;
}

describe('a server', () => {
  it('gets every signal it knows', async () => {
    const process = processThatKnows(signals);
    for (const signal of signals) await new RemoteAbilities().signal(process, signal);
    expect(process.calls).toEqual(signals.map((signal) => `signal ${signal}`));
  });

  it('that knows one signal gets it for those that leave a choice, and is not asked twice', async () => {
    const process = processThatKnows(['interrupt']);
    const abilities = new RemoteAbilities();
    for (const signal of [...signals, ...signals]) await abilities.signal(process, signal);
    expect(process.calls).toEqual([
      ...['signal interrupt', 'signal terminate', 'terminate', 'signal kill', 'terminate'],
      ...['signal hangup', 'signal interrupt', 'signal quit', 'signal interrupt'],
      ...['signal interrupt', 'terminate', 'terminate', 'signal interrupt', 'signal interrupt'],
    ]);
  });

  it('that knows no signals terminates, or says that it cannot', async () => {
    const process = processThatKnows(undefined);
    const abilities = new RemoteAbilities();
    await abilities.signal(process, 'terminate');
    await expect(abilities.signal(process, 'quit')).rejects.toThrow('does not implement');
    expect([process.calls, await abilities.askToEnd(process, 'hangup')]).toEqual([
      ['signal terminate', 'terminate'],
      false,
    ]);
  });

  it('asks politely with what it has', async () => {
    const knowing = processThatKnows(signals);
    const ignorant = processThatKnows(['interrupt']);
    expect([
      await new RemoteAbilities().askToEnd(knowing, 'terminate'),
      await new RemoteAbilities().askToEnd(ignorant, 'terminate'),
      knowing.calls,
      ignorant.calls,
    ]).toEqual([true, true, ['signal terminate'], ['signal terminate', 'signal interrupt']]);
  });

  it('is asked once for a method it does not have', async () => {
    const abilities = new RemoteAbilities();
    let asked = 0;
    const ask = () =>
      abilities.ifKnown('process/resize', (): Promise<string> => {
        asked += 1;
        return Promise.reject(methodNotFound('process/resize'));
      });
    expect([await ask(), await ask(), asked]).toEqual([undefined, undefined, 1]);
  });
});
