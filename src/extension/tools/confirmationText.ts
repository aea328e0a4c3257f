import { displayText, revealHidden } from '../model/displayText';

/** Room for a command in a line of the chat. */
const MAX_SHORT_CHARS = 80;

/** Room for a path in a sentence. */
const MAX_INLINE_CHARS = 400;

/** A model's text as one short line of plain text. */
export function shortened(text: string): string {
  return displayText(text, MAX_SHORT_CHARS);
}

/**
 * A model's text as a block of code in Markdown that shows every character, those that hide included, and
 * that nothing in it can end.
 */
export function fenced(text: string, maxChars: number): string {
  const shown = revealHidden(cutMiddle(text, maxChars, '\n'));
  const fence = '`'.repeat(Math.max(3, longestRun(shown) + 1));
  return `${fence}text\n${shown}\n${fence}`;
}

/** A model's text as code within a sentence of Markdown; of a long path the end says where it leads. */
export function inlineCode(text: string): string {
  const shown = displayText(cutMiddle(revealHidden(text), MAX_INLINE_CHARS, ' '), Infinity);
  const ticks = '`'.repeat(longestRun(shown) + 1);
  return `${ticks} ${shown} ${ticks}`;
}

/** Plain text within Markdown. */
export function plainMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!~<>&|]/g, '\\$&');
}

/** The end of a long command matters as much as its beginning. */
function cutMiddle(text: string, maxChars: number, separator: string): string {
  if (text.length <= maxChars) return text;
  const half = Math.floor(maxChars / 2);
  const hidden = text.length - 2 * half;
  const notice = `… ${hidden} CHARACTERS ARE NOT SHOWN …`;
  return [text.slice(0, half), notice, text.slice(-half)].join(separator);
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
