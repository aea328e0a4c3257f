import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../../../src/environment/local/fileHelper/frames';
import { FrameDecoder, encodeFrame } from '../../../../../src/environment/local/fileHelper/frames';

const limits = { maxHeadBytes: 100, maxBodyBytes: 100 };

describe('frames', () => {
  const frames: Frame[] = [
    { head: { id: 1, text: 'ä' }, body: Buffer.alloc(0) },
    { head: { id: 2 }, body: Buffer.from([0, 255, 10, 0]) },
    { head: 'x', body: Buffer.from('body') },
  ];
  const bytes = Buffer.concat(frames.flatMap(({ head, body }) => encodeFrame(head, body)));

  it.each([1, 2, 3, 7, 1000])('come through in pieces of %i bytes', (size) => {
    const decoder = new FrameDecoder(limits);
    const received: Frame[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      decoder.push(bytes.subarray(at, at + size), (frame) => received.push(frame));
    }
    expect(received).toEqual(frames);
  });

  it('are refused when they are larger than allowed, before memory is taken for them', () => {
    const push = (head: number, body: number): void => {
      const prefix = Buffer.alloc(8);
      prefix.writeUInt32BE(head, 0);
      prefix.writeUInt32BE(body, 4);
      new FrameDecoder(limits).push(prefix, () => undefined);
    };
    expect(() => {
      push(101, 0);
    }).toThrow('too large');
    expect(() => {
      push(1, 2 ** 32 - 1);
    }).toThrow('too large');
  });
});
