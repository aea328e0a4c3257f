import type { ExecServerClient } from '../../client/execServerClient';
import type { AgentTool, ToolAnswer, ToolPreparation } from './agentTool';
import { textAnswer } from './agentTool';
import { directoryListing } from './directoryListing';
import { readingPreparation } from './readingQuestion';
import type { ToolContext } from './toolContext';
import type { ToolInput } from './toolInput';
import { toolFailed } from './toolInput';
import type { PlacePath } from './toolPlace';
import { ToolPlace } from './toolPlace';

/** Lists a folder, and those in it down to a depth. */
export class ListDirTool implements AgentTool {
  constructor(private readonly context: ToolContext) {}

  prepare(input: ToolInput): Promise<ToolPreparation> {
    return readingPreparation(input.text('path'), 'Listing', this.context);
  }

  async invoke(input: ToolInput, signal: AbortSignal): Promise<ToolAnswer> {
    const { limits, session } = this.context;
    const options = {
      depth: input.countWithin('depth', 1, { min: 1, max: limits.maxToolListDepth }),
      first: Math.max(1, input.optionalCount('offset') ?? 1),
      count: input.countWithin('limit', limits.defaultToolEntries, {
        min: 1,
        max: limits.maxToolEntries,
      }),
      maxScanned: limits.maxToolScannedEntries,
    };
    const text = input.text('path');
    const client = await session.client();
    const place = await ToolPlace.of(client);
    const root = place.resolve(text);
    const listing = await directoryListing(async (names) => {
      if (signal.aborted) throw toolFailed('The listing was cancelled.');
      const folder = names.reduce((parent, name) => place.child(parent, name), root);
      if (names.length > 0 && (await isLink(client, folder))) return [];
      return (await client.request('fs/readDirectory', { path: folder.uri })).entries;
    }, options);
    return textAnswer(`${root.native}\n${listing}`);
  }
}

/** A link can lead out of what the user was asked about; listing it by itself asks. */
async function isLink(client: ExecServerClient, { uri }: PlacePath): Promise<boolean> {
  return (await client.request('fs/getMetadata', { path: uri })).isSymlink;
}
