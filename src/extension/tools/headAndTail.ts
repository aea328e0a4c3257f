/** A model's token is about four characters of output. */
const CHARS_PER_TOKEN = 4;

export function tokenCount(chars: number): number {
  return Math.ceil(chars / CHARS_PER_TOKEN);
}

/** Text of which the first and the last part are kept, half of the bound each; what is between is counted. */
export class HeadAndTail {
  private head = '';
  private tail = '';
  private droppedChars = 0;

  constructor(private readonly maxChars: number) {}

  append(text: string): void {
    const headRoom = this.half - this.head.length;
    // The head is full for good once anything went past it.
    const intoHead = this.tail === '' && this.droppedChars === 0 ? text.slice(0, headRoom) : '';
    this.head += intoHead;
    this.tail += text.slice(intoHead.length);
    if (this.tail.length > 2 * this.half) this.cutTail();
  }

  /** All that is kept, with how much is not; what is held begins empty again. */
  take(): { readonly head: string; readonly tail: string; readonly droppedChars: number } {
    this.cutTail();
    const { head, tail, droppedChars } = this;
    this.head = '';
    this.tail = '';
    this.droppedChars = 0;
    return { head, tail, droppedChars };
  }

  private get half(): number {
    return Math.floor(this.maxChars / 2);
  }

  private cutTail(): void {
    const excess = this.tail.length - this.half;
    if (excess <= 0) return;
    this.droppedChars += excess;
    this.tail = this.tail.slice(excess);
  }
}

/** Output within the model's budget, with what is missing in the middle said there. */
export function withinBudget(
  kept: { readonly head: string; readonly tail: string; readonly droppedChars: number },
  maxTokens: number,
): { readonly text: string; readonly originalTokens: number } {
  const whole = (kept.head + kept.tail).replaceAll('\r\n', '\n');
  const originalTokens = tokenCount(whole.length + kept.droppedChars);
  const maxChars = maxTokens * CHARS_PER_TOKEN;
  if (kept.droppedChars === 0 && whole.length <= maxChars) return { text: whole, originalTokens };
  const half = Math.floor(Math.min(maxChars, whole.length) / 2);
  // Where output was dropped the middle lies between head and tail, wherever the halves end.
  const head = whole.slice(0, Math.min(half, kept.droppedChars > 0 ? kept.head.length : half));
  const tail = half === 0 ? '' : whole.slice(-half);
  const missing = whole.length - head.length - tail.length + kept.droppedChars;
  return {
    text: `${wholeCharacters(head)}\n… ${missing} characters of output left out …\n${wholeCharacters(tail)}`,
    originalTokens,
  };
}

/** A cut can fall into a surrogate pair; half of one is no text. */
function wholeCharacters(text: string): string {
  return text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
}
