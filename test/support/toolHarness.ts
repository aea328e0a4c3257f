import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock';
import { Emitter } from '../../src/base/event';
import type { Limits } from '../../src/base/limits';
import { defaultLimits } from '../../src/base/limits';
import { connectExecServer } from '../../src/client/connectExecServer';
import { ToolCommands } from '../../src/extension/tools/toolCommands';
import type { ToolContext } from '../../src/extension/tools/toolContext';
import { ToolInput } from '../../src/extension/tools/toolInput';
import { ToolSession } from '../../src/extension/tools/toolSession';
import { toolTable } from '../../src/extension/tools/toolTable';
import type { ServerUnderTest } from './execServerHarness';

/** Nothing the tests start holds its output open, so all of it comes, however busy the machine is. */
const REST_MS = 30_000;

/** The tools of a window whose executor is this server, without the window. */
export function toolsOn(server: ServerUnderTest, limits: Partial<Limits> = {}) {
  const bounds = { ...defaultLimits, toolOutputRestMs: REST_MS, ...limits };
  const session = new ToolSession({
    address: () => ({ url: `ws://127.0.0.1:${server.port}/`, token: server.token }),
    onDidChange: new Emitter<void>().event,
    connect: (endpoint) => connectExecServer({ endpoint, clientName: 'tools' }),
  });
  const commands = new ToolCommands(bounds);
  onTestFinished(() => {
    session.dispose();
    commands.dispose();
  });
  const surroundings = { name: 'on this machine', openFolders: [server.workspace] };
  const context: ToolContext = {
    ...{ session, commands, limits: bounds, clock: systemClock },
    surroundings: () => surroundings,
  };
  const tools = new Map(
    toolTable.map(({ name, create }) => [name.replace('execServer_', ''), create(context)]),
  );
  const find = (name: string) => {
    const tool = tools.get(name);
    if (tool === undefined) throw new Error(`There is no tool ${name}`);
    return tool;
  };
  return {
    /** As the window describes it; a test may change it. */
    surroundings,
    prepare: async (name: string, input: object) => find(name).prepare(new ToolInput(input)),
    /** The text of the answer. */
    call: async (
      name: string,
      input: object,
      signal = new AbortController().signal,
    ): Promise<string> => {
      const answer = await find(name).invoke(new ToolInput(input), signal);
      if (answer.kind !== 'text') throw new Error('The answer is no text');
      return answer.text;
    },
    view: async (path: string) =>
      find('view_image').invoke(new ToolInput({ path }), new AbortController().signal),
  };
}
