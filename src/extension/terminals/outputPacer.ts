import type { Clock } from '../../base/clock';
import type { Disposable } from '../../base/lifecycle';
import { MutableDisposable } from '../../base/lifecycle';

/** One frame of a screen: what arrives within it is written at once. */
const FLUSH_INTERVAL_MS = 16;

/** With the interval about 4 MB/s, which every terminal draws without falling behind. */
const MAX_CHARS_PER_FLUSH = 64 * 1024;

interface Piece {
  readonly text: string;
  /** Bytes of output this piece stands for; zero for lines of our own. */
  readonly bytes: number;
}

/** Where paced output goes. */
export interface PacerTarget {
  write(text: string): void;
  /** So many bytes of output have been written; the executor may send as many more. */
  acknowledge(bytes: number): void;
}

/** Hands output to a terminal in large pieces at a bounded rate, so that a flood leaves the editor usable. */
export class OutputPacer implements Disposable {
  private pieces: Piece[] = [];
  private readonly timer = new MutableDisposable<Disposable>();

  constructor(
    private readonly clock: Clock,
    private readonly target: PacerTarget,
  ) {}

  /** The order of calls is the order on the screen. */
  push(text: string, bytes = 0): void {
    this.pieces.push({ text, bytes });
    if (this.timer.value === undefined) this.schedule();
  }

  dispose(): void {
    this.timer.dispose();
    this.pieces = [];
  }

  private schedule(): void {
    this.timer.value = this.clock.schedule(() => {
      this.flush();
    }, FLUSH_INTERVAL_MS);
  }

  private flush(): void {
    this.timer.value = undefined;
    let chars = 0;
    let count = 0;
    for (const { text } of this.pieces) {
      if (chars >= MAX_CHARS_PER_FLUSH) break;
      chars += text.length;
      count++;
    }
    const taken = this.pieces.splice(0, count);
    const text = taken.map((piece) => piece.text).join('');
    const bytes = taken.reduce((sum, piece) => sum + piece.bytes, 0);
    if (text !== '') this.target.write(text);
    if (bytes > 0) this.target.acknowledge(bytes);
    if (this.pieces.length > 0) this.schedule();
  }
}
