import { describe, expect, it } from 'vitest';
import {
  outputFrameLength,
  parseOutputFrame,
  writeOutputFrame,
} from '../../../src/protocol/outputFrame';

function frameOf(id: string, stream: 'stdout' | 'stderr' | 'pty', seq: number, chunk: Buffer) {
  const processId = Buffer.from(id);
  const target = Buffer.alloc(outputFrameLength(processId, chunk) + 4, '.');
  const end = writeOutputFrame(target, 2, { processId, stream, seq, chunk });
  expect(end).toBe(target.length - 2);
  return target.subarray(2, end);
}

describe('a frame of output', () => {
  it('has the bytes that its picture shows', () => {
    expect(frameOf('é', 'stderr', 258, Buffer.from([0, 255]))).toEqual(
      Buffer.from([1, 1, 0, 2, 0, 0, 0, 0, 0, 0, 1, 2, 0xc3, 0xa9, 0, 255]),
    );
  });

  it.each([
    ['', 'stdout', 1, Buffer.alloc(0)],
    ['p1', 'pty', Number.MAX_SAFE_INTEGER, Buffer.from([1, 2, 3])],
    ['x'.repeat(256), 'stderr', 7, Buffer.alloc(70_000, 'y')],
  ] as const)('is read as it was written: %#', (processId, stream, seq, chunk) => {
    expect(parseOutputFrame(frameOf(processId, stream, seq, chunk))).toEqual({
      processId,
      stream,
      seq,
      chunk,
    });
  });

  it.each([
    ['is too short', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['is of another kind', [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['names no stream', [1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['ends within the process id', [1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 65]],
  ])('is refused when it %s', (_name, bytes) => {
    expect(parseOutputFrame(Buffer.from(bytes))).toBeUndefined();
  });
});
