/** An absolute path in a line of output, by its place in the line. */
export interface PathInLine {
  readonly start: number;
  readonly length: number;
}

/**
 * Absolute paths, of either kind of system: `/a/b`, `C:\a`, `\\host\share`, `~/a`, `file:///a`, and
 * relative ones with a directory in them or before a line number. What a terminal would take for a file.
 */
const PATH =
  /(?:file:\/\/|[A-Za-z]:[\\/]|\\\\|~?\/|\.{1,2}\/)?[\w@%+=.,-]*(?:[\\/][\w@%+=.,-]+)+\/?(?::\d+(?::\d+)?)?|[\w-]+\.\w+:\d+(?::\d+)?/g;

/** Addresses are the same wherever they are read. */
const ADDRESS = /\b(?!file:)[a-z][\w+.-]*:\/\/\S+/gi;

/** A line longer than this is no text for people. */
const MAX_LINE_CHARS = 2000;

/** What in a line of a remote process a terminal would look for among the files of this machine. */
export function pathsInLine(line: string): readonly PathInLine[] {
  if (line.length > MAX_LINE_CHARS) return [];
  const addresses = [...line.matchAll(ADDRESS)];
  return [...line.matchAll(PATH)]
    .map(({ index, 0: text }) => ({ start: index, length: text.length }))
    .filter(
      ({ start }) =>
        !addresses.some(({ index, 0: text }) => start >= index && start < index + text.length),
    );
}
