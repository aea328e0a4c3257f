import { isAbsolute, join } from 'node:path';
import type { TomlTable, TomlValue } from 'smol-toml';
import { toError } from '../../base/errors';
import { defaultLimits } from '../../base/limits';
import type { RemoteEndpoint, RemoteTarget } from '../environmentChoice';
import { addressProblem } from '../environmentFromVariables';
import { findCodexHome } from './codexHome';
import { readTomlFile } from './tomlFile';

/** The remotes that Codex knows, and why others in its list cannot be used. */
export interface CodexEnvironments {
  readonly environments: readonly RemoteTarget[];
  /** For people, each with its place. */
  readonly problems: readonly string[];
}

/** A name that Codex gives to an environment. */
const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Names that stand for no remote. */
const isReserved = (id: string): boolean => id === 'local' || id.toLowerCase() === 'none';

/**
 * Reads the exec-servers from the `environments.toml` of the user's Codex, and nothing else of it. What
 * is wrong in one of them is a problem and does not hide the others. How long Codex itself waits for them
 * is its own matter.
 */
export async function readCodexEnvironments(
  variables: NodeJS.ProcessEnv,
  home: string,
): Promise<CodexEnvironments> {
  const nothing = { environments: [], problems: [] };
  try {
    const places = { userHomeDir: home, variables, systemDirectory: undefined };
    const folder = await findCodexHome(places);
    const path = join(folder, 'environments.toml');
    const file = await readTomlFile(
      path,
      defaultLimits.maxConfigFileBytes,
      (reason) => new Error(reason),
    );
    return file === undefined ? nothing : readEntries(path, file.table, folder);
  } catch (error) {
    return { ...nothing, problems: [toError(error).message] };
  }
}

function readEntries(path: string, table: TomlTable, folder: string): CodexEnvironments {
  const entries = valueAt(table, 'environments') ?? [];
  if (!Array.isArray(entries)) {
    return { environments: [], problems: [`${path}: environments must be a list of tables`] };
  }
  const environments = new Map<string, RemoteTarget>();
  const problems: string[] = [];
  for (const [index, entry] of entries.slice(0, defaultLimits.maxCodexEnvironments).entries()) {
    try {
      const remote = readEntry(entry, folder);
      if (environments.has(remote.name)) throw new Error('its id is taken by one before it');
      environments.set(remote.name, remote);
    } catch (error) {
      problems.push(`${path}: environment ${nameOf(entry, index)}: ${toError(error).message}`);
    }
  }
  if (entries.length > defaultLimits.maxCodexEnvironments) {
    problems.push(
      `${path}: only the first ${defaultLimits.maxCodexEnvironments} environments are used`,
    );
  }
  return { environments: [...environments.values()], problems };
}

/** @throws Error with what is wrong, without any value: an address may hold a token. */
function readEntry(entry: TomlValue, folder: string): RemoteTarget {
  if (!isTable(entry)) throw new Error('it must be a table');
  const id = textAt(entry, 'id');
  if (id === undefined || !ID.test(id)) {
    throw new Error('its id must be 1 to 64 letters, digits, - or _');
  }
  if (isReserved(id)) throw new Error('its id is reserved');
  return { name: id, endpoint: readEndpoint(entry, folder) };
}

function readEndpoint(entry: TomlTable, folder: string): RemoteEndpoint {
  const url = textAt(entry, 'url');
  const program = textAt(entry, 'program')?.trim();
  if ((url === undefined) === (program === undefined)) {
    throw new Error('it must have either url or program');
  }
  const token = textAt(entry, 'auth_bearer_token')?.trim();
  if (url !== undefined) {
    for (const key of ['args', 'env', 'cwd']) {
      if (valueAt(entry, key) !== undefined) throw new Error(`${key} needs program`);
    }
    const problem = addressProblem(url);
    if (problem !== undefined) throw new Error(`its url ${problem}`);
    return { url: url.trim(), ...(token !== undefined && { token }) };
  }
  if (token !== undefined) throw new Error('auth_bearer_token needs url');
  if (program === undefined || program === '') throw new Error('its program is empty');
  const args = argumentsOf(entry);
  const env = environmentOf(entry);
  const cwd = textAt(entry, 'cwd');
  return {
    program,
    ...(args !== undefined && { args }),
    ...(env !== undefined && { env }),
    ...(cwd !== undefined && { cwd: isAbsolute(cwd) ? cwd : join(folder, cwd) }),
  };
}

function argumentsOf(entry: TomlTable): string[] | undefined {
  const value = valueAt(entry, 'args');
  if (value === undefined) return undefined;
  const isText = (item: TomlValue): item is string => typeof item === 'string';
  if (Array.isArray(value) && value.every(isText)) return value;
  throw new Error('its args must be a list of texts');
}

function environmentOf(entry: TomlTable): Record<string, string> | undefined {
  const value = valueAt(entry, 'env');
  if (value === undefined) return undefined;
  const isText = (pair: [string, TomlValue]): pair is [string, string] =>
    typeof pair[1] === 'string';
  const pairs = isTable(value) ? Object.entries(value) : [];
  if (isTable(value) && pairs.every(isText)) return Object.fromEntries(pairs);
  throw new Error('its env must be a table of texts');
}

function textAt(table: TomlTable, key: string): string | undefined {
  const value = valueAt(table, key);
  if (value === undefined || typeof value === 'string') return value;
  throw new Error(`its ${key} must be a text`);
}

const valueAt = (table: TomlTable, key: string): TomlValue | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

const isTable = (value: TomlValue): value is TomlTable =>
  typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);

/** The id, where it is one that can be shown, else the place in the list. */
function nameOf(entry: TomlValue, index: number): string {
  const id = isTable(entry) ? valueAt(entry, 'id') : undefined;
  return typeof id === 'string' && ID.test(id) ? id : `number ${index + 1}`;
}
