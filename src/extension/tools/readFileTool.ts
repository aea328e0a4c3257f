import type { AgentTool, ToolAnswer, ToolPreparation } from './agentTool';
import { textAnswer } from './agentTool';
import { readWhole, textOf } from './fileContent';
import { numberedLines } from './numberedLines';
import { readingPreparation } from './readingQuestion';
import type { ToolContext } from './toolContext';
import type { ToolInput } from './toolInput';
import { toolFailed } from './toolInput';
import { ToolPlace } from './toolPlace';

/** Reads lines of a text file. */
export class ReadFileTool implements AgentTool {
  constructor(private readonly context: ToolContext) {}

  prepare(input: ToolInput): Promise<ToolPreparation> {
    return readingPreparation(input.text('path'), 'Reading', this.context);
  }

  async invoke(input: ToolInput): Promise<ToolAnswer> {
    const { limits, session } = this.context;
    const range = {
      first: Math.max(1, input.optionalCount('offset') ?? 1),
      count: Math.max(1, input.optionalCount('limit') ?? limits.defaultToolLines),
    };
    const text = input.text('path');
    const client = await session.client();
    const path = (await ToolPlace.of(client)).resolve(text);
    const content = textOf(await readWhole(client, path, limits.maxToolFileBytes));
    if (content === undefined) {
      throw toolFailed(
        `Failed to read ${path.native}: it is not text in UTF-8. Use view_image for a picture, or exec_command.`,
      );
    }
    return textAnswer(numberedLines(content, range, limits));
  }
}
