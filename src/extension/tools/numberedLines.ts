import type { Limits } from '../../base/limits';

/** Which lines of a text are wanted. */
export interface LineRange {
  /** The first line, from 1. */
  readonly first: number;
  readonly count: number;
}

/** Lines with their numbers, as many as fit; what is left out is said at the end. */
export function numberedLines(text: string, range: LineRange, limits: Limits): string {
  const lines = linesOf(text);
  if (lines.length === 0) return 'The file is empty.';
  if (range.first > lines.length) {
    return `The file has only ${lines.length} lines; there is no line ${range.first}.`;
  }
  const shown: string[] = [];
  let chars = 0;
  for (const line of lines.slice(range.first - 1, range.first - 1 + range.count)) {
    const text = `L${range.first + shown.length}: ${cutLine(line, limits.maxToolLineChars)}`;
    chars += text.length + 1;
    if (chars > limits.maxToolTextChars && shown.length > 0) break;
    shown.push(text);
  }
  const last = range.first + shown.length - 1;
  if (last < lines.length) {
    shown.push(`… ${lines.length - last} more lines; go on with offset ${last + 1}.`);
  }
  return shown.join('\n');
}

function linesOf(text: string): readonly string[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  // What follows the last line break is no line of its own.
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function cutLine(line: string, maxChars: number): string {
  if (line.length <= maxChars) return line;
  return `${line.slice(0, maxChars)}… (${line.length - maxChars} more characters)`;
}
