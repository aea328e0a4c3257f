import { allowedControlSequence, allowedEscape } from './terminalSequences';

/**
 * Lets through what draws in a terminal and nothing that reaches beyond it.
 *
 * Agent output goes to the user's own editor, where a terminal answers questions by typing, and where
 * sequences can write the clipboard, rename the tab, post notifications or report commands that never
 * ran. So the output is taken apart and only known drawing sequences are put together again: text, the
 * C0 controls that move the cursor, and the sequences `terminalSequences.ts` names. All strings (OSC,
 * DCS, APC, PM, SOS) are dropped, clipboard, titles, links and images among them. Whatever the input,
 * no escape leaves here but at the head of an approved sequence.
 *
 *            ESC              [                       final
 *   ground ───────► escape ───────► controlSequence ───────► ground
 *            C1 8-bit forms   ] P X ^ _                BEL (OSC only), ST, CAN, SUB, ESC
 *            act the same   ───────► string ───────────────► ground
 */
export class TerminalFilter {
  private state: 'ground' | 'escape' | 'controlSequence' | 'oscString' | 'string' = 'ground';
  /** What follows ESC or CSI; bounded, an overlong sequence is dropped. */
  private collected = '';
  private stringChars = 0;

  /** Takes the next piece of decoded output, split anywhere; returns what may be shown of it. */
  write(text: string): string {
    let shown = '';
    let index = 0;
    while (index < text.length) {
      if (this.state === 'ground') {
        const end = endOfPlainText(text, index);
        if (end > index) {
          shown += text.slice(index, end);
          index = end;
          continue;
        }
      }
      shown += this.take(text.charAt(index));
      index++;
    }
    return shown;
  }

  private take(char: string): string {
    const code = char.charCodeAt(0);
    // These act in every state.
    if (code === ESC) return this.enter('escape');
    if (code === CAN || code === SUB) return this.enter('ground');
    if (isC1(code)) return this.takeC1(code);
    switch (this.state) {
      case 'ground':
        return DRAWING_CONTROLS.has(code) ? char : '';
      case 'escape':
        return this.takeInEscape(char, code);
      case 'controlSequence':
        return this.takeInControlSequence(char, code);
      case 'oscString':
        return code === BEL ? this.enter('ground') : this.takeInString();
      case 'string':
        return this.takeInString();
    }
  }

  private takeC1(code: number): string {
    this.enter(C1_STATES[code] ?? 'ground');
    return C1_CURSOR_MOVES[code] ?? '';
  }

  private takeInEscape(char: string, code: number): string {
    if (code < SPACE) return DRAWING_CONTROLS.has(code) ? char : '';
    if (code > LAST_FINAL) return this.abort(char);
    if (this.collected === '') {
      const next = ESCAPE_STATES[char];
      if (next !== undefined) return this.enter(next);
    }
    this.collected += char;
    const isIntermediate = code < FIRST_ESCAPE_FINAL;
    if (isIntermediate) {
      return this.collected.length > MAX_INTERMEDIATES ? this.enter('ground') : '';
    }
    return this.finish(allowedEscape(this.collected));
  }

  private takeInControlSequence(char: string, code: number): string {
    // A control inside a sequence acts at once, as in a terminal; the sequence goes on.
    if (code < SPACE) return DRAWING_CONTROLS.has(code) ? char : '';
    if (code > LAST_FINAL) return this.abort(char);
    if (this.collected.length <= MAX_SEQUENCE_CHARS) this.collected += char;
    if (code < FIRST_CSI_FINAL) return '';
    const isOverlong = this.collected.length > MAX_SEQUENCE_CHARS;
    return this.finish(isOverlong ? undefined : allowedControlSequence(this.collected));
  }

  /** An endless string must not hide all that follows; past the bound it counts as ended. */
  private takeInString(): string {
    this.stringChars++;
    return this.stringChars > MAX_STRING_CHARS ? this.enter('ground') : '';
  }

  /** Text in the middle of a sequence ends it; the text itself is shown. */
  private abort(char: string): string {
    this.enter('ground');
    return char === '\u007f' ? '' : char;
  }

  private finish(approved: string | undefined): string {
    this.enter('ground');
    return approved ?? '';
  }

  private enter(state: TerminalFilter['state']): string {
    this.state = state;
    this.collected = '';
    this.stringChars = 0;
    return '';
  }
}

const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
const SPACE = 0x20;
const FIRST_ESCAPE_FINAL = 0x30;
const FIRST_CSI_FINAL = 0x40;
const LAST_FINAL = 0x7e;

/** `ESC` takes at most two intermediates in anything a terminal knows. */
const MAX_INTERMEDIATES = 2;
/** Colour lists of real programs stay under a hundred characters. */
const MAX_SEQUENCE_CHARS = 256;
/** As much as is retained of a process; images and clipboard texts end well before. */
const MAX_STRING_CHARS = 1024 * 1024;

/** BEL, BS, HT, LF, VT, FF, CR, SO, SI. Not ENQ, which asks for an answer. */
const DRAWING_CONTROLS = new Set([0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f]);

type FilterState = 'controlSequence' | 'oscString' | 'string';

const ESCAPE_STATES: Readonly<Record<string, FilterState | undefined>> = {
  '[': 'controlSequence',
  ']': 'oscString',
  P: 'string',
  X: 'string',
  '^': 'string',
  _: 'string',
};

/** The 8-bit forms of `ESC [`, `ESC ]`, `ESC P`, `ESC X`, `ESC ^`, `ESC _`. */
const C1_STATES: Readonly<Record<number, FilterState | undefined>> = {
  0x9b: 'controlSequence',
  0x9d: 'oscString',
  0x90: 'string',
  0x98: 'string',
  0x9e: 'string',
  0x9f: 'string',
};

/** IND, NEL, HTS, RI in their 7-bit form. */
const C1_CURSOR_MOVES: Readonly<Record<number, string | undefined>> = {
  0x84: '\u001bD',
  0x85: '\u001bE',
  0x88: '\u001bH',
  0x8d: '\u001bM',
};

function isC1(code: number): boolean {
  return code >= 0x80 && code <= 0x9f;
}

function endOfPlainText(text: string, start: number): number {
  let end = start;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (code < SPACE || (code >= 0x7f && code <= 0x9f)) break;
    end++;
  }
  return end;
}
