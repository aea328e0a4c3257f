import type { AgentTool, ToolAnswer, ToolPreparation } from './agentTool';
import { textAnswer } from './agentTool';
import { inlineCode } from './confirmationText';
import { applyPatch } from './patch/applyPatch';
import type { PatchAction } from './patch/patchModel';
import { parsePatch } from './patch/patchParser';
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

  prepare(input: ToolInput): ToolPreparation {
    const actions = this.actionsOf(input);
    const { name } = this.context.surroundings();
    const { maxConfirmedFiles } = this.context.limits;
    const listed = actions.slice(0, maxConfirmedFiles).map((action) => `- ${describe(action)}`);
    const rest = actions.length - listed.length;
    const count = actions.length === 1 ? 'a file' : `${actions.length} files`;
    return {
      message: `Changing ${count} ${name}`,
      question: {
        title: `Change ${count} ${name}?`,
        markdown: [...listed, ...(rest > 0 ? [`- and ${rest} more`] : [])].join('\n'),
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

function describe(action: PatchAction): string {
  const path = inlineCode(action.path);
  switch (action.kind) {
    case 'add':
      return `Write ${path}`;
    case 'delete':
      return `Delete ${path}`;
    case 'update':
      return action.moveTo === undefined
        ? `Change ${path}`
        : `Change ${path} and move it to ${inlineCode(action.moveTo)}`;
  }
}
