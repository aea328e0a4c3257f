import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { errnoCodeOf } from '../base/errors';
import type { StateFile } from './stateFile';
import { StateFileSchema } from './stateFile';

/** Only the owner may read it: it holds the key to the control channel. */
const OWNER_ONLY = 0o600;

/** Writes the state file whole or not at all: readers never see half of it, or one others can read. */
export async function writeStateFile(path: string, state: StateFile): Promise<void> {
  const draft = `${path}.${state.instanceId}`;
  // `wx` refuses a file or link that somebody has put there first.
  await writeFile(draft, JSON.stringify(state), { mode: OWNER_ONLY, flag: 'wx' });
  try {
    // A link at the path is replaced, not followed.
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** @returns the state, or `undefined` when there is none or it is not one of ours. */
export async function readStateFile(path: string): Promise<StateFile | undefined> {
  try {
    const parsed = StateFileSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errnoCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes the file if it still speaks of this executor; another one may have taken the place. */
export async function removeStateFile(path: string, instanceId: string): Promise<void> {
  const state = await readStateFile(path);
  if (state?.instanceId === instanceId) await rm(path, { force: true });
}
