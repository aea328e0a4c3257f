import type { AgentTool, ToolAnswer, ToolPreparation } from './agentTool';
import { commandAnswer } from './commandAnswer';
import { fenced, inlineCode, plainMarkdown, shortened } from './confirmationText';
import { maxTokensOf } from './execCommandTool';
import type { ToolCommand } from './toolCommand';
import type { ToolContext } from './toolContext';
import type { ToolInput } from './toolInput';
import { toolFailed } from './toolInput';

/** Types into a command that goes on, or only waits for what it prints. */
export class WriteStdinTool implements AgentTool {
  constructor(private readonly context: ToolContext) {}

  prepare(input: ToolInput): ToolPreparation {
    const chars = input.optionalText('chars') ?? '';
    const origin = this.context.commands.originOf(input.count('session_id'));
    const command = origin === undefined ? 'a command' : shortened(origin.commandLine);
    if (chars === '') return { message: `Waiting for ${command}` };
    const into =
      origin === undefined
        ? 'Into a command that is not known any more.'
        : `Into ${inlineCode(origin.commandLine)}, which runs ${plainMarkdown(origin.place)}.`;
    return {
      message: `Typing into ${command}`,
      question: {
        title: 'Type into a running command?',
        markdown: [fenced(chars, this.context.limits.maxConfirmedChars), into].join('\n\n'),
      },
    };
  }

  async invoke(input: ToolInput, signal: AbortSignal): Promise<ToolAnswer> {
    const { commands, clock } = this.context;
    const number = input.count('session_id');
    const chars = input.optionalText('chars') ?? '';
    const waitMs = this.waitMs(input, chars === '');
    const maxTokens = maxTokensOf(input, this.context);
    const command = commands.get(number);
    const startedAtMs = clock.now();
    if (chars !== '' && !command.hasEnded) await type(command, chars);
    await command.wait(waitMs, signal);
    if (signal.aborted && !command.hasEnded) {
      throw toolFailed(`The wait was cancelled; the command goes on as session ${number}.`);
    }
    const report = command.report(maxTokens);
    if (command.hasEnded) commands.remove(number);
    return commandAnswer(report, {
      sessionNumber: number,
      waitedMs: clock.now() - startedAtMs,
    });
  }

  private waitMs(input: ToolInput, isPoll: boolean): number {
    const { limits } = this.context;
    const range = isPoll
      ? { min: limits.minToolPollMs, max: limits.maxToolPollMs }
      : { min: limits.minToolYieldMs, max: limits.maxToolYieldMs };
    return input.countWithin('yield_time_ms', range.min, range);
  }
}

async function type(command: ToolCommand, chars: string): Promise<void> {
  if (!command.origin.takesInput) {
    throw toolFailed(
      'Failed to type: stdin of this session is closed. Run exec_command with tty=true to keep it open.',
    );
  }
  const status = await command.process.write(Buffer.from(chars));
  switch (status) {
    case 'accepted':
      return;
    case 'starting':
      throw toolFailed(
        'Failed to type: the user has taken over the keyboard of this command. Wait, or ask them to hand it back.',
      );
    case 'stdinClosed':
    case 'unknownProcess':
      // It has just ended; the report says how.
      return;
  }
}
