import type { AgentTool, ToolAnswer, ToolPreparation } from './agentTool';
import { readWhole } from './fileContent';
import { imageMimeType } from './imageKind';
import { readingPreparation } from './readingQuestion';
import type { ToolContext } from './toolContext';
import type { ToolInput } from './toolInput';
import { toolFailed } from './toolInput';
import { ToolPlace } from './toolPlace';

/** Shows an image file to the model. */
export class ViewImageTool implements AgentTool {
  constructor(private readonly context: ToolContext) {}

  prepare(input: ToolInput): Promise<ToolPreparation> {
    return readingPreparation(input.text('path'), 'Viewing', this.context);
  }

  async invoke(input: ToolInput): Promise<ToolAnswer> {
    const { limits, session } = this.context;
    const text = input.text('path');
    const client = await session.client();
    const path = (await ToolPlace.of(client)).resolve(text);
    const bytes = await readWhole(client, path, limits.maxToolImageBytes);
    const mimeType = imageMimeType(bytes);
    if (mimeType === undefined) {
      throw toolFailed(`Failed to view ${path.native}: it is no PNG, JPEG, GIF or WebP image.`);
    }
    return { kind: 'image', mimeType, bytes };
  }
}
