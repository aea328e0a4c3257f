/** Once before all files: what the tests need of this machine, so that no test spends its time on it. */
import { installBubblewrap } from '../host/bubblewrap.mjs';
import { ensureCodex } from '../host/codex.mjs';

export default async function setup(): Promise<void> {
  installBubblewrap();
  await ensureCodex();
}
