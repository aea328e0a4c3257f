import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
const esbuild = join(root, 'node_modules', '.bin', 'esbuild');

/** The executor as one script; removing it is the caller's. */
export interface ExecutorBundle {
  readonly script: string;
  readonly remove: () => Promise<void>;
}

/** Bundles the executor from the sources as they are now, the way `npm run build` does. */
export async function bundleExecutor(): Promise<ExecutorBundle> {
  // Inside the project, because the bundle loads what is not in it from node_modules.
  await mkdir(join(root, 'out'), { recursive: true });
  const folder = await mkdtemp(join(root, 'out', 'executor-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await promisify(execFile)(esbuild, await buildArguments(folder), { cwd: root });
  } catch (error) {
    await remove();
    throw error;
  }
  return { script: join(folder, 'executor.js'), remove };
}

/** The command line of the package script, for one of its entry points and into another folder. */
async function buildArguments(folder: string): Promise<string[]> {
  const text = await readFile(join(root, 'package.json'), 'utf8');
  const { scripts } = JSON.parse(text) as { scripts: { build: string } };
  const [, ...words] = scripts.build.split('&&', 1).join('').trim().split(/\s+/);
  const args = words.filter((word) => !/^(extension=|--outdir=)/.test(word));
  return [...args, `--outdir=${folder}`];
}
