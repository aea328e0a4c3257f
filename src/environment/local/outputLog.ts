import type { OutputStream } from '../../protocol/processMessages';
import type { OutputChunk, RetainedOutput } from '../processBackend';
import { Deque } from './deque';

/** How much output is kept. */
export interface OutputLogLimits {
  readonly maxRetainedOutputBytes: number;
  readonly maxRetainedOutputChunks: number;
}

/** What one dropped chunk leaves behind, so that a late reader learns how much it missed. */
interface DroppedMark {
  readonly seq: number;
  /** Bytes dropped up to and including this chunk, since the start. */
  readonly bytesThrough: number;
}

/**
 * Marks kept. Older ones go in silence: a reader further behind than this many chunks is told less
 * than it missed, never more.
 */
const maxDroppedMarks = 4096;

/** Memory a kept chunk may pin beyond its own size before it is copied out. */
const minSlackBytes = 512;

/**
 * Numbers the events of one process from 1 without gaps, and keeps its newest output: whole chunks,
 * the oldest dropped first, bounded by bytes and by count.
 */
export class OutputLog {
  private readonly chunks = new Deque<OutputChunk>();
  private readonly droppedMarks = new Deque<DroppedMark>();
  private retainedBytes = 0;
  private droppedBytes = 0;
  private newestForgottenMark: DroppedMark | undefined;
  private next = 1;

  constructor(private readonly limits: OutputLogLimits) {}

  /** The number the next event gets. */
  get nextSeq(): number {
    return this.next;
  }

  /** Numbers an event that carries no output. */
  takeSeq(): number {
    const seq = this.next;
    this.next += 1;
    return seq;
  }

  /** Numbers a piece of output and keeps it. */
  append(stream: OutputStream, chunk: Buffer): number {
    const seq = this.takeSeq();
    this.chunks.push({ seq, stream, chunk: compact(chunk) });
    this.retainedBytes += chunk.length;
    while (
      this.retainedBytes > this.limits.maxRetainedOutputBytes ||
      this.chunks.length > this.limits.maxRetainedOutputChunks
    ) {
      this.dropOldest();
    }
    return seq;
  }

  retained(afterSeq: number, maxBytes: number): RetainedOutput {
    const first = this.chunks.prefixLength((candidate) => candidate.seq <= afterSeq);
    const chunks: OutputChunk[] = [];
    let bytes = 0;
    for (let index = first; index < this.chunks.length; index += 1) {
      const candidate = this.chunks.at(index);
      if (candidate === undefined) break;
      bytes += candidate.chunk.length;
      if (chunks.length > 0 && bytes > maxBytes) break;
      chunks.push(candidate);
    }
    return { chunks, droppedBytes: this.droppedAfter(afterSeq) };
  }

  private dropOldest(): void {
    const dropped = this.chunks.shift();
    if (dropped === undefined) return;
    this.retainedBytes -= dropped.chunk.length;
    this.droppedBytes += dropped.chunk.length;
    this.droppedMarks.push({ seq: dropped.seq, bytesThrough: this.droppedBytes });
    if (this.droppedMarks.length > maxDroppedMarks) {
      this.newestForgottenMark = this.droppedMarks.shift();
    }
  }

  private droppedAfter(afterSeq: number): number {
    if (afterSeq <= 0) return this.droppedBytes;
    const known = this.droppedMarks.prefixLength((mark) => mark.seq <= afterSeq);
    const last = this.droppedMarks.at(known - 1) ?? this.newestForgottenMark;
    return this.droppedBytes - (last?.bytesThrough ?? 0);
  }
}

/** A few bytes cut from a large block would keep the whole block alive for as long as they are kept. */
function compact(chunk: Buffer): Buffer {
  if (chunk.buffer.byteLength <= 2 * chunk.length + minSlackBytes) return chunk;
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}
