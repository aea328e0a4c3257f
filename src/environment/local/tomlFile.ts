import type { TomlTable, TomlValue } from 'smol-toml';
import { errnoCodeOf } from '../../base/errors';
import { ErrorCode, RpcError, systemErrorText, toRpcError } from '../../protocol/errorCodes';
import type { TomlPath } from '../../protocol/environmentConfigMessages';
import { readToEnd, withFileToRead } from './regularFile';

/** A file and what is in it. */
export interface TomlFile {
  readonly path: string;
  readonly table: TomlTable;
}

/**
 * Reads a TOML file; `undefined` when there is none.
 *
 * @param failure makes an error of place and reason, by default RpcError −32603. Files hold keys and
 *   passwords, so no text of theirs is in it.
 */
export async function readTomlFile(
  path: string,
  maxBytes: number,
  failure: (reason: string) => Error = unusable,
): Promise<TomlFile | undefined> {
  const text = await readText(path, maxBytes, failure);
  if (text === undefined) return undefined;
  const { parseToml, TomlError } = await import('./textLibraries.js');
  try {
    // Integers apart from floats and of all 64 bits, so that they are written as they were read.
    return { path, table: parseToml(text, { integersAsBigInt: true }) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = 'invalid TOML'] = error.message.split('\n');
    throw failure(`${path}:${error.line}:${error.column}: ${reason}`);
  }
}

/** The document with nothing but what the paths lead to; `undefined` when that is nothing. */
export async function writeSelection(
  table: TomlTable,
  paths: readonly TomlPath[],
): Promise<string | undefined> {
  const selected = select(table, paths);
  if (Object.keys(selected).length === 0) return undefined;
  const { stringifyToml } = await import('./textLibraries.js');
  return stringifyToml(selected, { numbersAsFloat: true });
}

/** A table of it, or `undefined` for anything else at this key. */
export function tableAt(table: TomlTable, key: string): TomlTable | undefined {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  return isTable(value) ? value : undefined;
}

export const unusable = (reason: string): RpcError =>
  new RpcError(ErrorCode.internal, `failed to load executor-local config: ${reason}`);

/** A table on the way stays, although nothing may be left in it; where the way ends early, what is there stays. */
function select(table: TomlTable, paths: readonly TomlPath[]): TomlTable {
  const kept = Object.entries(table).flatMap(([key, value]): [string, TomlValue][] => {
    const matching = paths.filter((path) => path[0] === key);
    if (matching.length === 0) return [];
    const isWhole = matching.some((path) => path.length === 1);
    if (isWhole || !isTable(value)) return [[key, value]];
    return [
      [
        key,
        select(
          value,
          matching.map((path) => path.slice(1)),
        ),
      ],
    ];
  });
  // Defines members and never sets them, so that `__proto__` is a key like any other.
  return Object.fromEntries(kept);
}

function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
}

async function readText(
  path: string,
  maxBytes: number,
  failure: (reason: string) => Error,
): Promise<string | undefined> {
  let bytes: Buffer | undefined;
  try {
    bytes = await withFileToRead(path, { followSymlinks: true }, (file, stats) =>
      readToEnd(file, Number(stats.size), maxBytes),
    );
  } catch (error) {
    const code = errnoCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const reason = code === undefined ? toRpcError(error).message : systemErrorText(code);
    throw failure(`Failed to read config file ${path}: ${reason}`);
  }
  if (bytes === undefined) {
    throw failure(`Failed to read config file ${path}: it is longer than ${maxBytes} bytes`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The decoder does not say where.
    throw failure(`Failed to read config file ${path}: it is not UTF-8`);
  }
}
