import { ExecServerError } from '../../../base/errors';
import type { PatchAction, PatchChunk, PatchLine } from './patchModel';

const BEGIN = '*** Begin Patch';
const END = '*** End Patch';
const ADD = '*** Add File: ';
const DELETE = '*** Delete File: ';
const UPDATE = '*** Update File: ';
const MOVE = '*** Move to: ';
const END_OF_FILE = '*** End of File';

/**
 * Reads a patch in the format of the Codex CLI:
 *
 *     *** Begin Patch
 *     *** Add File: path          lines with +
 *     *** Delete File: path
 *     *** Update File: path       perhaps *** Move to: path, then chunks: @@ context, lines with ' ', - or +,
 *     *** End Patch               perhaps *** End of File
 *
 * Models leave out the first @@ of a file, and write an empty line for one that holds a single space.
 *
 * @throws ExecServerError `invalidArguments`, with the line of the patch.
 */
export function parsePatch(text: string): readonly PatchAction[] {
  return new PatchParser(withoutHeredoc(text.trim().split(/\r?\n/))).parse();
}

/** Models used to a shell write the patch as its heredoc. */
function withoutHeredoc(lines: readonly string[]): readonly string[] {
  const isHeredoc =
    lines.length >= 4 && /^<<(?:EOF|'EOF'|"EOF")$/.test(lines[0] ?? '') && lines.at(-1) === 'EOF';
  return isHeredoc ? lines.slice(1, -1) : lines;
}

class PatchParser {
  /** The next line to read; the first one is the head. */
  private index = 1;

  constructor(private readonly lines: readonly string[]) {
    if (lines[0]?.trim() !== BEGIN) throw invalidPatch(1, `it must begin with '${BEGIN}'`);
    if (lines.at(-1)?.trim() !== END) {
      throw invalidPatch(lines.length, `it must end with '${END}'`);
    }
  }

  parse(): readonly PatchAction[] {
    const actions: PatchAction[] = [];
    while (this.next !== undefined) actions.push(this.parseAction(this.next));
    if (actions.length === 0) throw invalidPatch(2, 'it changes no file');
    return actions;
  }

  /** The line to read, if it is not the foot. */
  private get next(): string | undefined {
    return this.index < this.lines.length - 1 ? this.lines[this.index] : undefined;
  }

  private parseAction(line: string): PatchAction {
    const header = line.trim();
    const lineNumber = this.index + 1;
    this.index++;
    const [kind, prefix] = headerOf(header, lineNumber);
    const path = header.slice(prefix.length).trim();
    if (path === '') throw invalidPatch(lineNumber, 'the path is missing');
    switch (kind) {
      case 'add':
        return { kind, path, text: this.parseAddedText() };
      case 'delete':
        return { kind, path };
      case 'update':
        return this.parseUpdate(path, lineNumber);
    }
  }

  private parseAddedText(): string {
    let text = '';
    for (let line = this.next; line?.startsWith('+') === true; line = this.next) {
      text += `${line.slice(1)}\n`;
      this.index++;
    }
    return text;
  }

  private parseUpdate(path: string, lineNumber: number): PatchAction {
    let moveTo: string | undefined;
    if (this.next?.startsWith(MOVE) === true) {
      moveTo = this.next.slice(MOVE.length).trim();
      if (moveTo === '') throw invalidPatch(this.index + 1, 'the path is missing');
      this.index++;
    }
    const chunks: PatchChunk[] = [];
    for (let line = this.next; line !== undefined; line = this.next) {
      if (line.trim() === '') this.index++;
      else if (line.startsWith('***')) break;
      else chunks.push(this.parseChunk(line, chunks.length === 0));
    }
    if (chunks.length === 0) throw invalidPatch(lineNumber, `it changes nothing in '${path}'`);
    return { kind: 'update', path, moveTo, chunks };
  }

  private parseChunk(first: string, isFirst: boolean): PatchChunk {
    const patchLine = this.index + 1;
    const hasHead = first.trimEnd() === '@@' || first.startsWith('@@ ');
    if (!hasHead && !isFirst) {
      throw invalidPatch(patchLine, `expected '@@' or another file, not '${first}'`);
    }
    if (hasHead) this.index++;
    const lines = this.parseLines();
    const isAtEnd = this.next?.trimEnd() === END_OF_FILE;
    if (lines.length === 0) {
      const found = isAtEnd ? undefined : this.next;
      throw invalidPatch(
        this.index + 1,
        found === undefined
          ? 'the change has no lines'
          : `'${found}' must begin with ' ' (kept), '+' (added) or '-' (removed)`,
      );
    }
    if (isAtEnd) this.index++;
    const context = first.startsWith('@@ ') ? first.slice(3) : '';
    return { patchLine, context: context.trim() === '' ? undefined : context, lines, isAtEnd };
  }

  private parseLines(): readonly PatchLine[] {
    const lines: PatchLine[] = [];
    for (let line = this.next; line !== undefined; line = this.next) {
      const kind = line === '' ? 'context' : LINE_KINDS[line.charAt(0)];
      if (kind === undefined) break;
      lines.push({ kind, text: line.slice(1) });
      this.index++;
    }
    return lines;
  }
}

const LINE_KINDS: Readonly<Record<string, PatchLine['kind'] | undefined>> = {
  ' ': 'context',
  '-': 'removed',
  '+': 'added',
};

function headerOf(header: string, lineNumber: number): [PatchAction['kind'], string] {
  if (header.startsWith(ADD)) return ['add', ADD];
  if (header.startsWith(DELETE)) return ['delete', DELETE];
  if (header.startsWith(UPDATE)) return ['update', UPDATE];
  throw invalidPatch(
    lineNumber,
    `expected '${ADD}PATH', '${DELETE}PATH' or '${UPDATE}PATH', not '${header}'`,
  );
}

function invalidPatch(lineNumber: number, reason: string): ExecServerError {
  return new ExecServerError(
    'invalidArguments',
    `Failed to read the patch: line ${lineNumber}: ${reason}`,
  );
}
