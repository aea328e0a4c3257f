import { describe, expect, it } from 'vitest';
import { createRandom } from '../../support/seededRandom';
import { OutputLog } from '../../../src/environment/outputLog';

const log = (maxRetainedOutputBytes = 10, maxRetainedOutputChunks = 4): OutputLog =>
  new OutputLog({ maxRetainedOutputBytes, maxRetainedOutputChunks });

const everything = Number.MAX_SAFE_INTEGER;

function texts(retained: ReturnType<OutputLog['retained']>): unknown[] {
  return [
    ...retained.chunks.map(({ seq, chunk }) => `${seq}:${chunk.toString()}`),
    retained.droppedBytes,
  ];
}

describe('the output log', () => {
  it('numbers output and other events together from 1', () => {
    const output = log();
    const numbers = [
      output.append('stdout', Buffer.from('a')).seq,
      output.takeSeq(),
      output.append('stderr', Buffer.from('b')).seq,
      output.nextSeq,
    ];
    expect([numbers, texts(output.retained(0, everything))]).toEqual([
      [1, 2, 3, 4],
      ['1:a', '3:b', 0],
    ]);
  });

  it('drops the oldest whole chunks beyond the bound of bytes', () => {
    const output = log(10, 100);
    for (const text of ['aaaa', 'bbbb', 'cccc']) output.append('stdout', Buffer.from(text));
    expect(texts(output.retained(0, everything))).toEqual(['2:bbbb', '3:cccc', 4]);
  });

  it('drops the oldest chunks beyond the bound of their number', () => {
    const output = log(1000, 2);
    for (const text of ['a', 'b', 'c', 'd', 'e']) output.append('stdout', Buffer.from(text));
    expect(texts(output.retained(0, everything))).toEqual(['4:d', '5:e', 3]);
  });

  it('keeps nothing of a chunk larger than the bound', () => {
    const output = log(3);
    output.append('stdout', Buffer.from('abcd'));
    expect([texts(output.retained(0, everything)), output.nextSeq]).toEqual([[4], 2]);
  });

  it('always gives the first chunk and then as many as fit', () => {
    const output = log(100, 100);
    for (const text of ['aaaa', 'bb', 'cc', 'd']) output.append('stdout', Buffer.from(text));
    expect(
      [0, 5, 6, 8, 9].map((maxBytes) => texts(output.retained(0, maxBytes)).length - 1),
    ).toEqual([1, 1, 2, 3, 4]);
  });

  it('tells how much was dropped after a place, wherever it lies', () => {
    const output = log(4, 100);
    for (const text of ['a', 'bb', 'ccc', 'dddd']) output.append('stdout', Buffer.from(text));
    expect(
      [0, 1, 2, 3, 4, 99].map((afterSeq) => output.retained(afterSeq, 0).droppedBytes),
    ).toEqual([6, 5, 3, 0, 0, 0]);
  });

  it('never tells a reader far behind more than was dropped', () => {
    const output = log(1, 1);
    for (let index = 0; index < 10_000; index += 1) output.append('stdout', Buffer.from('x'));
    const answers = [0, 1, 5000, 5903, 9000, 9999].map(
      (afterSeq) => output.retained(afterSeq, 0).droppedBytes,
    );
    expect(answers).toEqual([9999, 4096, 4096, 4096, 999, 0]);
  });

  it('keeps the newest bytes as they were, whatever sizes come and however long', () => {
    const random = createRandom(11);
    const output = log(5000, 40);
    const said: { seq: number; text: string }[] = [];
    for (let round = 0; round < 5000; round += 1) {
      const length = 1 + (random(8) === 0 ? random(3000) : random(60));
      const text = Buffer.alloc(length, `${round} `).toString();
      const { seq, chunk } = output.append('stdout', Buffer.from(text));
      expect(chunk.toString()).toBe(text);
      said.push({ seq, text });
      const kept = output
        .retained(0, everything)
        .chunks.map((piece) => ({ seq: piece.seq, text: piece.chunk.toString() }));
      expect(kept).toEqual(said.slice(said.length - kept.length));
      if (round === 4000) output.seal();
    }
  });

  it('gives up the memory it does not need once nothing is added', () => {
    const output = log(1_000_000, 100);
    output.append('stdout', Buffer.from('few'));
    output.seal();
    const [kept] = output.retained(0, everything).chunks;
    expect([kept?.chunk.toString(), kept?.chunk.buffer.byteLength]).toEqual(['few', 3]);
  });

  it('takes bulk without asking for memory again and again', () => {
    const output = log(1024 * 1024, 50_000);
    const piece = Buffer.alloc(64 * 1024, 'x');
    const blocks = new Set<ArrayBufferLike>();
    for (let round = 0; round < 2000; round += 1) {
      blocks.add(output.append('stdout', piece).chunk.buffer);
    }
    expect(blocks.size).toBeLessThan(12);
  });

  it('takes hundreds of thousands of chunks without moving them about', () => {
    const output = log(1_000_000, 50_000);
    const chunk = Buffer.from('x');
    for (let index = 0; index < 300_000; index += 1) output.append('stdout', chunk);
    const { chunks, droppedBytes } = output.retained(0, everything);
    expect([chunks.length, chunks[0]?.seq, droppedBytes]).toEqual([50_000, 250_001, 250_000]);
  });
});
