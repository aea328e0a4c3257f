/** Once for all files: the executor bundled from the sources as they are now. */
import type { TestProject } from 'vitest/node';
import { bundleExecutor } from '../../support/executorBundle';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The script of our server. */
    executorScript: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const bundle = await bundleExecutor();
  project.provide('executorScript', bundle.script);
  return bundle.remove;
}
