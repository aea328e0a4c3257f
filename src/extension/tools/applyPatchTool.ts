import type { AgentTool, ToolAnswer, ToolPreparation } from './agentTool';
import { textAnswer } from './agentTool';
import { applyPatch } from './patch/applyPatch';
import type { PatchAction } from './patch/patchModel';
import { parsePatch } from './patch/patchParser';
import { patchQuestion } from './patchQuestion';
import { PlaceFiles } from './placeFiles';
import type { ToolContext } from './toolContext';
import type { ToolInput } from './toolInput';
import { invalidInput } from './toolInput';
import { ToolPlace } from './toolPlace';

/** Changes files by a patch in the format of the Codex CLI. */
export class ApplyPatchTool implements AgentTool {
  /** Patches are applied one after another: each is checked against what the one before it left. */
  private previous: Promise<unknown> = Promise.resolve();

  constructor(private readonly context: ToolContext) {}

  async prepare(input: ToolInput): Promise<ToolPreparation> {
    const actions = this.actionsOf(input);
    const { name } = this.context.surroundings();
    const count = actions.length === 1 ? 'a file' : `${actions.length} files`;
    return {
      message: `Changing ${count} ${name}`,
      question: {
        title: `Change ${count} ${name}?`,
        markdown: await patchQuestion(actions, this.context),
      },
    };
  }

  async invoke(input: ToolInput, signal: AbortSignal): Promise<ToolAnswer> {
    const actions = this.actionsOf(input);
    const applied = this.previous.then(() => this.apply(actions, signal));
    this.previous = applied.catch(() => undefined);
    return textAnswer(await applied);
  }

  private async apply(actions: readonly PatchAction[], signal: AbortSignal): Promise<string> {
    const client = await this.context.session.client();
    const place = await ToolPlace.of(client);
    const files = new PlaceFiles(client, place, this.context.limits.maxToolFileBytes);
    return applyPatch(actions, files, signal);
  }

  private actionsOf(input: ToolInput): readonly PatchAction[] {
    const { maxPatchChars, maxPatchFiles } = this.context.limits;
    const text = input.text('input');
    if (text.length > maxPatchChars) {
      throw invalidInput(`the patch has more than ${maxPatchChars} characters`);
    }
    const actions = parsePatch(text);
    if (actions.length > maxPatchFiles) {
      throw invalidInput(`the patch changes more than ${maxPatchFiles} files`);
    }
    return actions;
  }
}
