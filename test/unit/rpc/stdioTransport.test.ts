import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { StdioTransport } from '../../../src/rpc/stdioTransport';
import type { TransportEnd } from '../../../src/rpc/transport';
import { FakeClock } from '../../support/fakeClock';

const limits = { maxMessageBytes: 64, sendQueueHighBytes: 100, closeHandshakeMs: 1000 };

/** A writer whose reader takes nothing until told to. */
class SlowOutput extends Writable {
  private release: (() => void) | undefined;
  taken = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.release = () => {
      this.taken += chunk.toString();
      done();
    };
  }

  /** Takes all there is. */
  takeAll(): void {
    for (let take = this.release; take !== undefined; take = this.release) {
      this.release = undefined;
      take();
    }
  }
}

function opened(output: Writable = new PassThrough()): {
  transport: StdioTransport;
  input: PassThrough;
  clock: FakeClock;
  received: string[];
  ends: TransportEnd[];
} {
  const input = new PassThrough();
  const clock = new FakeClock();
  const transport = new StdioTransport({ input, output, limits, clock });
  const received: string[] = [];
  const ends: TransportEnd[] = [];
  transport.onDidReceive((data) => received.push(data.toString()));
  transport.onDidEnd((how) => ends.push(how));
  return { transport, input, clock, received, ends };
}

/** The streams hand things on in later turns of the loop. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('StdioTransport', () => {
  it('receives one message a line and overlooks blank ones', async () => {
    const { input, received } = opened();
    input.write('{"a":1}\n\n  \r\n\t\n{"b"');
    input.write(':2}\r\n');
    await settled();
    expect(received).toEqual(['{"a":1}', '{"b":2}\r']);
  });

  it('sends one message a line', async () => {
    const output = new PassThrough();
    const { transport } = opened(output);
    transport.send('{"a":"é"}');
    transport.send('{"b":2}');
    await settled();
    expect(String(output.read())).toBe('{"a":"é"}\n{"b":2}\n');
  });

  it('ends with the input, after a last line without an end and with everything sent', async () => {
    const output = new SlowOutput();
    const { transport, input, received, ends } = opened(output);
    transport.send('answer');
    input.end('{"last":1}');
    await settled();
    const before = { ended: ends.length, isOpen: transport.isOpen };
    transport.send('too late');
    output.takeAll();
    await settled();
    expect({ before, received, ends, taken: output.taken }).toEqual({
      before: { ended: 0, isOpen: false },
      received: ['{"last":1}'],
      ends: [{ code: 1000, reason: 'end of input' }],
      taken: 'answer\n',
    });
  });

  it('waits for a reader of the last answers no longer than a close handshake may take', async () => {
    const { transport, input, clock, ends } = opened(new SlowOutput());
    transport.send('answer');
    input.end();
    await settled();
    clock.advance(1000);
    expect({ ends, timers: clock.pendingTimers }).toEqual({
      ends: [{ code: 1000, reason: 'end of input' }],
      timers: 0,
    });
  });

  it('ends at a message that is too large, and names the limit', async () => {
    const { input, received, ends } = opened();
    input.write(`${'x'.repeat(64)}\n`);
    input.write('y'.repeat(65));
    input.write('\n{}\n');
    await settled();
    expect({ received, ends }).toEqual({
      received: ['x'.repeat(64)],
      ends: [{ code: 1009, reason: 'a message may have at most 64 bytes' }],
    });
  });

  it('takes nothing more once it closes', async () => {
    const { transport, input, received, ends } = opened();
    transport.onDidReceive(() => {
      transport.close(1002, 'enough');
    });
    input.write('1\n2\n3\n');
    await settled();
    transport.close(1000, 'again');
    expect({ received, ends }).toEqual({
      received: ['1'],
      ends: [{ code: 1002, reason: 'enough' }],
    });
  });

  it('stops reading when told to, and goes on', async () => {
    const { transport, input, received } = opened();
    transport.setReceivingPaused(true);
    input.write('1\n');
    await settled();
    const whilePaused = [...received];
    transport.setReceivingPaused(false);
    await settled();
    expect({ whilePaused, received }).toEqual({ whilePaused: [], received: ['1'] });
  });

  it('is congested from its high mark on until the reader has caught up', async () => {
    const output = new SlowOutput({ highWaterMark: 16 });
    const { transport } = opened(output);
    const changes: boolean[] = [];
    transport.onDidChangeCongestion((congested) => changes.push(congested));
    transport.send('x'.repeat(50));
    const before = transport.isCongested;
    transport.send('x'.repeat(60));
    transport.send('x'.repeat(60));
    const queued = transport.queuedBytes;
    output.takeAll();
    await settled();
    output.takeAll();
    await settled();
    expect({ before, queued, changes, left: transport.queuedBytes }).toEqual({
      before: false,
      queued: 173,
      changes: [true, false],
      left: 0,
    });
  });

  it('ends when its reader is gone, or its input breaks, once', async () => {
    const output = new PassThrough();
    const broken = opened(output);
    output.destroy(new Error('write EPIPE'));
    broken.input.destroy(new Error('read EIO'));
    await settled();
    broken.transport.send('nobody hears this');
    expect(broken.ends).toEqual([{ code: 1006, reason: 'write EPIPE' }]);
  });

  it('is alive as long as it is open', async () => {
    const { transport } = opened();
    const before = await transport.isAlive();
    transport.dispose();
    expect([before, await transport.isAlive()]).toEqual([true, false]);
  });
});
