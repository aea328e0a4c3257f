/** What a key press in a process without a terminal leads to. */
export interface LineInputResult {
  /** For the screen, because no terminal of the process echoes. */
  readonly echo: string;
  /** For the process. */
  readonly send: string;
  readonly isInterrupt: boolean;
}

/** More than anybody types on one line; a longer paste is sent in pieces. */
const MAX_LINE_CHARS = 4096;

/**
 * The little of a terminal's line editing that typing into a plain pipe needs: echo, backspace, a line
 * feed for Enter, Ctrl+U to clear, Ctrl+C to interrupt. Other control keys have no meaning there.
 */
export class LineInput {
  private line: readonly string[] = [];

  accept(data: string): LineInputResult {
    let echo = '';
    let send = '';
    let isInterrupt = false;
    for (const char of withoutEscapeSequences(data)) {
      if (char === '\r' || char === '\n') {
        send += `${this.line.join('')}\n`;
        this.line = [];
        echo += '\r\n';
      } else if (char === '\u007f' || char === '\b') {
        echo += this.line.length === 0 ? '' : '\b \b';
        this.line = this.line.slice(0, -1);
      } else if (char === '\u0015') {
        echo += '\b \b'.repeat(this.line.length);
        this.line = [];
      } else if (char === '\u0003') {
        this.line = [];
        echo += '^C\r\n';
        isInterrupt = true;
      } else if (char >= ' ' || char === '\t') {
        this.line = [...this.line, char];
        echo += char;
        if (this.line.length >= MAX_LINE_CHARS) {
          send += this.line.join('');
          this.line = [];
        }
      }
    }
    return { echo, send, isInterrupt };
  }
}

/** Arrow and function keys, and the brackets around a paste. */
function withoutEscapeSequences(data: string): string {
  // eslint-disable-next-line no-control-regex -- escape sequences of keys are what this removes
  return data.replace(/\u001b(?:\[[\d;<?]*[ -/]*[@-~]|O.|.)?/g, '');
}
