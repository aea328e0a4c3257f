import { toError } from '../../../base/errors';
import { toolFailed } from '../toolInput';
import type { PatchFiles } from './patchFiles';
import type { PatchAction } from './patchModel';
import type { PatchPlan, PatchStep } from './patchPlan';
import { planPatch } from './patchPlan';

/**
 * Applies a patch: first everything is found to fit, then it is written.
 *
 * @returns what was changed, in the words of the Codex CLI.
 * @throws ExecServerError `toolFailed`: nothing was changed, or the message lists what was and what was not.
 */
export async function applyPatch(
  actions: readonly PatchAction[],
  files: PatchFiles,
  signal: AbortSignal,
): Promise<string> {
  const plan = await planPatch(actions, files);
  if (signal.aborted) throw toolFailed('The patch was cancelled; nothing was changed.');
  await carryOut(plan, files);
  return `Success. Updated the following files:\n${plan.summary.join('\n')}\n`;
}

/** Not to be cancelled: half of a patch is worse than all of it. */
async function carryOut({ steps }: PatchPlan, files: PatchFiles): Promise<void> {
  for (const [index, step] of steps.entries()) {
    try {
      await (step.kind === 'write'
        ? files.write(step.path, step.content)
        : files.remove(step.path));
    } catch (error) {
      throw halfWay(steps, index, error);
    }
  }
}

function halfWay(steps: readonly PatchStep[], failed: number, error: unknown): Error {
  const step = steps[failed];
  const lines = [
    `Failed to ${step?.kind ?? 'change'} ${step?.path.native ?? ''}: ${toError(error).message}`,
    failed === 0 ? 'Nothing was changed.' : 'Done before that:',
    ...steps.slice(0, failed).map(describe),
    'Not done:',
    ...steps.slice(failed).map(describe),
  ];
  return toolFailed(lines.join('\n'), error);
}

function describe({ kind, path }: PatchStep): string {
  return `- ${kind} ${path.native}`;
}
