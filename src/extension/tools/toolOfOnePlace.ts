import type { AgentTool, ToolAnswer, ToolPreparation } from './agentTool';
import type { ToolContext } from './toolContext';
import type { ToolInput } from './toolInput';
import { toolFailed } from './toolInput';

/**
 * A tool that acts only in the place that was named when the user was asked. Between the question and the
 * answer calls may have begun to go elsewhere.
 */
export class ToolOfOnePlace implements AgentTool {
  /** The name of the place by the input's fingerprint; the editor gives a call no other mark. */
  private readonly asked = new Map<string, string>();

  constructor(
    private readonly tool: AgentTool,
    private readonly context: Pick<ToolContext, 'limits' | 'surroundings'>,
  ) {}

  prepare(input: ToolInput): ToolPreparation | Promise<ToolPreparation> {
    const { fingerprint } = input;
    // The one asked last is the youngest of the map.
    this.asked.delete(fingerprint);
    this.asked.set(fingerprint, this.context.surroundings().name);
    const [oldest] = this.asked.keys();
    const isFull = this.asked.size > this.context.limits.maxPreparedToolCalls;
    if (isFull && oldest !== undefined) this.asked.delete(oldest);
    return this.tool.prepare(input);
  }

  async invoke(input: ToolInput, signal: AbortSignal): Promise<ToolAnswer> {
    const { name } = this.context.surroundings();
    const asked = this.asked.get(input.fingerprint) ?? name;
    if (asked !== name) {
      throw toolFailed(
        `Nothing was done: it was to be done ${asked}, and agents work ${name} now. Call the tool again.`,
      );
    }
    return this.tool.invoke(input, signal);
  }
}
