import { StringDecoder } from 'node:string_decoder';
import { redactSecrets } from '../base/logger';

/** What a program says on stderr, line by line. Of a long line only the beginning is kept. */
export class ProgramLines {
  private readonly decoder = new StringDecoder('utf8');
  private unfinished = '';
  private lastLine = '';

  constructor(
    private readonly maxLength: number,
    private readonly onLine: (line: string) => void,
  ) {}

  /** The last line that says anything, without secrets; also one that has not ended. */
  get last(): string {
    const text = this.unfinished.trim();
    return redactSecrets(text === '' ? this.lastLine : text);
  }

  push(chunk: Buffer): void {
    const [first = '', ...others] = this.decoder.write(chunk).split('\n');
    this.unfinished = `${this.unfinished}${first}`.slice(0, this.maxLength);
    for (const line of others) {
      this.finish();
      this.unfinished = line.slice(0, this.maxLength);
    }
  }

  private finish(): void {
    const line = this.unfinished.trim();
    if (line === '') return;
    this.lastLine = line;
    this.onLine(line);
  }
}
