/** Once for all files: the executor bundled from the sources as they are now, and the peer installed. */
import type { TestProject } from 'vitest/node';
import { ensureCodex } from '../../host/codex.mjs';
import { bundleExecutor } from '../../support/executorBundle';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The script of our server. */
    executorScript: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await ensureCodex();
  const bundle = await bundleExecutor();
  project.provide('executorScript', bundle.script);
  return bundle.remove;
}
