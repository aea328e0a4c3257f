import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import { defaultLimits } from '../../../src/base/limits';
import type { HttpResponse } from '../../../src/environment/httpClient';
import { environmentChanged } from '../../../src/protocol/errorCodes';
import type { StartHttpRequest } from '../../../src/server/httpCalls';
import { HttpCalls } from '../../../src/server/httpCalls';
import { settled } from '../../support/fakeClock';
import { FakeAttachment } from '../../support/wireFakes';

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });

type BodyEnd = 'as if it were whole' | 'with an error of its own';

/** A response whose body stops after its first piece when it is let go of. */
const endless =
  (end: BodyEnd): StartHttpRequest =>
  (signal) => {
    async function* body(): AsyncGenerator<Buffer> {
      yield Buffer.from('part');
      await aborted(signal);
      if (end === 'with an error of its own') throw new Error('socket hang up');
    }
    const response: HttpResponse = { status: 200, headers: [], body: body() };
    return Promise.resolve(response);
  };

const changed = environmentChanged();

describe('HTTP requests under way when the environment changes', () => {
  it.each<BodyEnd>(['as if it were whole', 'with an error of its own'])(
    'fail with the reason, also where their body ends %s',
    async (end) => {
      const attachment = new FakeAttachment();
      const calls = new HttpCalls(attachment, defaultLimits);
      const whole = calls.whole(endless(end));
      const response = await calls.streamed('r', endless(end));
      await settled();
      calls.interrupt(changed);
      await expect(whole).rejects.toMatchObject({
        code: changed.code,
        message: expect.stringContaining(changed.message),
      });
      await settled();
      expect([response.status, attachment.received]).toEqual([
        200,
        [
          delta(1, { deltaBase64: Buffer.from('part').toString('base64'), done: false }),
          delta(2, { deltaBase64: '', done: true, error: changed.message }),
        ],
      ]);
    },
  );

  it('fail before they are answered, and others can begin', async () => {
    const calls = new HttpCalls(new FakeAttachment(), defaultLimits);
    const silent = calls.streamed('r', async (signal) => {
      await aborted(signal);
      throw new Error('aborted');
    });
    calls.interrupt(changed);
    await expect(silent).rejects.toBe(changed);
    const empty = new Deferred<HttpResponse>();
    empty.resolve({ status: 204, headers: [], body: emptyBody() });
    expect(await calls.streamed('r', () => empty.promise)).toMatchObject({ status: 204 });
    await settled();
    calls.dispose();
  });
});

async function* emptyBody(): AsyncGenerator<Buffer> {
  yield* [];
  await Promise.resolve();
}

const delta = (seq: number, parts: object): object => ({
  method: 'http/request/bodyDelta',
  params: { requestId: 'r', seq, error: null, ...parts },
});
