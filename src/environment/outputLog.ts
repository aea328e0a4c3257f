import type { OutputStream } from '../protocol/processMessages';
import type { OutputChunk, RetainedOutput } from './processBackend';
import { Deque } from './deque';
import type { StoredPiece } from './outputMemory';
import { OutputMemory } from './outputMemory';

/** How much output is kept. */
export interface OutputLogLimits {
  readonly maxRetainedOutputBytes: number;
  readonly maxRetainedOutputChunks: number;
}

/** A kept chunk, and where its bytes are. */
interface LoggedPiece extends StoredPiece {
  readonly seq: number;
  readonly stream: OutputStream;
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

/**
 * Numbers the events of one process from 1 without gaps, and keeps its newest output: whole chunks,
 * the oldest dropped first, bounded by bytes and by count.
 */
export class OutputLog {
  private readonly pieces = new Deque<LoggedPiece>();
  private readonly memory = new OutputMemory();
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

  /**
   * Numbers a piece of output and keeps a copy of it.
   *
   * @returns the copy, or what was given where it is more than may be kept. It is valid until the next
   *   call: its memory may be written again.
   */
  append(stream: OutputStream, bytes: Buffer): OutputChunk {
    const seq = this.takeSeq();
    const { length } = bytes;
    const { maxRetainedOutputBytes, maxRetainedOutputChunks } = this.limits;
    while (
      this.pieces.length > 0 &&
      (this.retainedBytes + length > maxRetainedOutputBytes ||
        this.pieces.length >= maxRetainedOutputChunks)
    ) {
      this.dropOldest();
    }
    if (length > maxRetainedOutputBytes) {
      this.noteDropped(seq, length);
      return { seq, stream, chunk: bytes };
    }
    const piece = {
      seq,
      stream,
      length,
      start: this.memory.add(bytes, this.pieces, this.retainedBytes),
    };
    this.pieces.push(piece);
    this.retainedBytes += length;
    return { seq, stream, chunk: this.memory.view(piece) };
  }

  /** Keeps what there is in no more memory than it needs, since nothing will be added. */
  seal(): void {
    this.memory.shrink(this.pieces, this.retainedBytes);
  }

  /** The chunks are valid until the next `append`. */
  retained(afterSeq: number, maxBytes: number): RetainedOutput {
    const first = this.pieces.prefixLength((candidate) => candidate.seq <= afterSeq);
    const chunks: OutputChunk[] = [];
    let bytes = 0;
    for (let index = first; index < this.pieces.length; index += 1) {
      const candidate = this.pieces.at(index);
      if (candidate === undefined) break;
      bytes += candidate.length;
      if (chunks.length > 0 && bytes > maxBytes) break;
      const { seq, stream } = candidate;
      chunks.push({ seq, stream, chunk: this.memory.view(candidate) });
    }
    return { chunks, droppedBytes: this.droppedAfter(afterSeq) };
  }

  private dropOldest(): void {
    const dropped = this.pieces.shift();
    if (dropped === undefined) return;
    this.retainedBytes -= dropped.length;
    this.noteDropped(dropped.seq, dropped.length);
  }

  private noteDropped(seq: number, length: number): void {
    this.droppedBytes += length;
    this.droppedMarks.push({ seq, bytesThrough: this.droppedBytes });
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
