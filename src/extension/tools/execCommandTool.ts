import { v4 as uuidV4 } from 'uuid';
import type { CallParams, ExecServerClient } from '../../client/execServerClient';
import type { AgentTool, ToolAnswer, ToolPreparation } from './agentTool';
import { commandAnswer } from './commandAnswer';
import { fenced, inlineCode, plainMarkdown, shortened } from './confirmationText';
import { OutputBrake } from './outputBrake';
import { shellCommand } from './shellCommand';
import { ToolCommand } from './toolCommand';
import type { ToolContext } from './toolContext';
import type { ToolInput } from './toolInput';
import { toolFailed } from './toolInput';
import { ToolPlace } from './toolPlace';

/** Nobody looks at a screen or answers a pager. */
const FOR_A_READER_THAT_IS_NO_PERSON = {
  NO_COLOR: '1',
  TERM: 'dumb',
  PAGER: 'cat',
  GIT_PAGER: 'cat',
  GH_PAGER: 'cat',
};

/** Runs a command line through the environment's shell; what goes on after the wait has a number to be asked about. */
export class ExecCommandTool implements AgentTool {
  private readonly brakes = new WeakMap<ExecServerClient, OutputBrake>();

  constructor(private readonly context: ToolContext) {}

  prepare(input: ToolInput): ToolPreparation {
    const commandLine = input.text('cmd');
    const workdir = input.optionalText('workdir');
    const shell = input.optionalText('shell');
    const { name } = this.context.surroundings();
    const details = [
      workdir === undefined ? '' : `In ${inlineCode(workdir)}.`,
      shell === undefined ? '' : `With the shell ${inlineCode(shell)}.`,
      `It runs ${plainMarkdown(name)}, with all the rights of whoever runs Exec Server there.`,
    ];
    return {
      message: `Running ${shortened(commandLine)}`,
      question: {
        title: `Run a command ${name}?`,
        markdown: [
          fenced(commandLine, this.context.limits.maxConfirmedChars),
          details.filter(Boolean).join(' '),
        ].join('\n\n'),
      },
    };
  }

  async invoke(input: ToolInput, signal: AbortSignal): Promise<ToolAnswer> {
    const { commands, limits, clock } = this.context;
    const yieldMs = input.countWithin('yield_time_ms', limits.defaultToolYieldMs, {
      min: limits.minToolYieldMs,
      max: limits.maxToolYieldMs,
    });
    const maxTokens = maxTokensOf(input, this.context);
    const startedAtMs = clock.now();
    const client = await this.context.session.client();
    const command = await this.start(client, input, signal);
    await command.wait(yieldMs, signal);
    if (signal.aborted && !command.hasEnded) {
      command.dispose();
      await command.process.terminate();
      throw toolFailed('The command was cancelled and has been terminated.');
    }
    const report = command.report(maxTokens);
    const sessionNumber = command.hasEnded ? undefined : commands.add(command);
    return commandAnswer(report, { sessionNumber, waitedMs: clock.now() - startedAtMs });
  }

  private async start(
    client: ExecServerClient,
    input: ToolInput,
    signal: AbortSignal,
  ): Promise<ToolCommand> {
    const commandLine = input.text('cmd');
    const params = await this.startParams(client, input);
    if (signal.aborted) throw toolFailed('The command was cancelled before it started.');
    const { limits, clock } = this.context;
    const { name: place } = this.context.surroundings();
    const surroundings = { limits, clock, brake: this.brakeOf(client) };
    const process = await client.startProcess(params);
    return new ToolCommand(process, { commandLine, place, takesInput: params.tty }, surroundings);
  }

  /** One for the connection, because that is what it stops. */
  private brakeOf(client: ExecServerClient): OutputBrake {
    const { limits, clock } = this.context;
    const brake = this.brakes.get(client) ?? new OutputBrake(client, limits, clock);
    this.brakes.set(client, brake);
    return brake;
  }

  private async startParams(
    client: ExecServerClient,
    input: ToolInput,
  ): Promise<CallParams<'process/start'>> {
    const place = await ToolPlace.of(client);
    const workdir = input.optionalText('workdir');
    const cwd = workdir === undefined || workdir === '' ? place.cwd : place.resolve(workdir);
    if (cwd === undefined) {
      throw toolFailed('Failed to start the command: `workdir` is needed, as an absolute path.');
    }
    return {
      processId: uuidV4(),
      argv: shellCommand(input.text('cmd'), {
        standard: place.shell,
        program: input.optionalText('shell'),
        login: input.optionalFlag('login') ?? true,
      }),
      cwd: cwd.uri,
      env: FOR_A_READER_THAT_IS_NO_PERSON,
      envPolicy: {
        inherit: 'all',
        ignoreDefaultExcludes: true,
        exclude: [],
        set: {},
        includeOnly: [],
      },
      tty: input.optionalFlag('tty') ?? false,
    };
  }
}

/** What of the output the model wants to see. */
export function maxTokensOf(input: ToolInput, { limits }: ToolContext): number {
  return input.countWithin('max_output_tokens', limits.defaultToolOutputTokens, {
    min: 1,
    max: limits.maxToolOutputTokens,
  });
}
