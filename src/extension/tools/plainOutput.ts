import { StringDecoder } from 'node:string_decoder';
import { TerminalFilter } from '../terminals/terminalFilter';

/** What the filter lets through beyond text: sequences, always whole, and controls without a place in text. */
const DRAWING = new RegExp(
  [
    '\\u001b\\[[<=>?]?[\\d;:]*[ -/]*[@-~]',
    '\\u001b[()*+#].',
    '\\u001b.',
    '[\\u0007\\u0008\\u000b\\u000c\\u000e\\u000f]',
  ].join('|'),
  'g',
);

/** Output of one stream as text for a model: UTF-8 cut anywhere, without what only a terminal understands. */
export class PlainOutput {
  private readonly decoder = new StringDecoder('utf8');
  private readonly filter = new TerminalFilter();

  write(chunk: Buffer): string {
    return this.plain(this.decoder.write(chunk));
  }

  /** What is left of a character that never came whole. */
  end(): string {
    return this.plain(this.decoder.end());
  }

  private plain(text: string): string {
    return this.filter.write(text).replace(DRAWING, '');
  }
}
