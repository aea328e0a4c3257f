import { toolFailed } from '../toolInput';
import { findLines } from './lineSearch';
import type { PatchChunk, PatchLine } from './patchModel';

/** A line with what ends it; nothing ends a line from the patch, and the last one of some files. */
interface FileLine {
  readonly text: string;
  readonly ending: string;
}

/** Lines of the file that give way to others. */
interface Replacement {
  readonly start: number;
  readonly count: number;
  readonly lines: readonly FileLine[];
}

const BYTE_ORDER_MARK = '\ufeff';

/**
 * The text of a file after the changes. What is not changed stays to the byte: line endings, a missing
 * one at the end, a byte order mark, and lines of context that were found only by their words.
 *
 * @throws ExecServerError `toolFailed` where the lines are not in the file, with the line of the patch.
 */
export function patchedText(original: string, chunks: readonly PatchChunk[], path: string): string {
  const mark = original.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const lines = splitLines(original.slice(mark.length));
  const texts = lines.map(({ text }) => text);
  const replacements: Replacement[] = [];
  let position = 0;
  for (const chunk of chunks) {
    const start = positionAfterContext(chunk, { texts, position, path });
    const replacement = replacementFor(chunk, { lines, texts, position: start, path });
    replacements.push(replacement);
    // What is only added goes to the end, and leaves the place for those that follow where it was.
    position = replacement.count === 0 ? start : replacement.start + replacement.count;
  }
  return mark + joinLines(replaced(lines, replacements), lines);
}

interface Surroundings {
  readonly lines: readonly FileLine[];
  readonly texts: readonly string[];
  /** Where the search begins: changes of a file come in its order. */
  readonly position: number;
  readonly path: string;
}

function replacementFor(chunk: PatchChunk, file: Surroundings): Replacement {
  const wanted = chunk.lines.filter(({ kind }) => kind !== 'added');
  if (wanted.length === 0) {
    return {
      start: file.lines.length,
      count: 0,
      lines: linesOf(chunk.lines, file.lines.length, file.lines),
    };
  }
  const { isAtEnd } = chunk;
  for (const changes of [chunk.lines, withoutLastEmptyLine(chunk.lines)]) {
    const texts = changes.filter(({ kind }) => kind !== 'added').map(({ text }) => text);
    const index =
      texts.length === 0
        ? undefined
        : findLines(file.texts, texts, { start: file.position, isAtEnd });
    if (index !== undefined) {
      return { start: index, count: texts.length, lines: linesOf(changes, index, file.lines) };
    }
  }
  throw toolFailed(
    `Failed to find these lines in ${file.path} (line ${chunk.patchLine} of the patch):\n` +
      wanted.map(({ text }) => text).join('\n'),
  );
}

function positionAfterContext(
  { context, patchLine }: PatchChunk,
  { texts, position, path }: Omit<Surroundings, 'lines'>,
): number {
  if (context === undefined) return position;
  const index = findLines(texts, [context], { start: position, isAtEnd: false });
  if (index !== undefined) return index + 1;
  throw toolFailed(
    `Failed to find the context '${context}' in ${path} (line ${patchLine} of the patch).`,
  );
}

/** A model may count the line break at the end of a file as an empty line, which the file does not have. */
function withoutLastEmptyLine(lines: readonly PatchLine[]): readonly PatchLine[] {
  const last = lines.findLastIndex(({ kind }) => kind !== 'added');
  const line = lines[last];
  if (line?.text !== '') return lines;
  const rest = lines.toSpliced(last, 1);
  const isReplacedByEmpty =
    line.kind === 'removed' && rest.at(-1)?.kind === 'added' && rest.at(-1)?.text === '';
  return isReplacedByEmpty ? rest.slice(0, -1) : rest;
}

/** What stands in the place of found lines: those of the context are taken from the file. */
function linesOf(
  changes: readonly PatchLine[],
  start: number,
  lines: readonly FileLine[],
): readonly FileLine[] {
  const result: FileLine[] = [];
  let index = start;
  for (const { kind, text } of changes) {
    if (kind === 'added') {
      result.push({ text, ending: '' });
      continue;
    }
    const line = lines[index++];
    if (kind === 'context' && line !== undefined) result.push(line);
  }
  return result;
}

function replaced(lines: readonly FileLine[], replacements: readonly Replacement[]): FileLine[] {
  const result: FileLine[] = [];
  let index = 0;
  // Those that only add stand at the end, in their order.
  for (const { start, count, lines: added } of replacements.toSorted((a, b) => a.start - b.start)) {
    for (; index < start; index++) push(result, lines[index]);
    for (const line of added) result.push(line);
    index += count;
  }
  for (; index < lines.length; index++) push(result, lines[index]);
  return result;
}

function push(result: FileLine[], line: FileLine | undefined): void {
  if (line !== undefined) result.push(line);
}

/**
 * Lines from the patch end as most lines of the file do. Only the last line may lack its line break, and
 * does if the one of the original did.
 */
function joinLines(lines: readonly FileLine[], original: readonly FileLine[]): string {
  const windowsCount = original.filter(({ ending }) => ending === '\r\n').length;
  const plainCount = original.filter(({ ending }) => ending === '\n').length;
  const usual = windowsCount > plainCount ? '\r\n' : '\n';
  const endsWithBreak = original.at(-1)?.ending !== '';
  return lines
    .map(({ text, ending }, index) => {
      if (index === lines.length - 1 && !endsWithBreak) return text;
      return text + (ending === '' ? usual : ending);
    })
    .join('');
}

function splitLines(text: string): readonly FileLine[] {
  return [...text.matchAll(/([^\n]*?)(\r?\n|$)/g)]
    .map(([, content = '', ending = '']) => ({ text: content, ending }))
    .filter(({ text: content, ending }) => content !== '' || ending !== '');
}
