/** What a scripted model can put out: calls of the client's tools, and text. */

/** A call of an ordinary tool, with arguments that travel as JSON. */
export interface FunctionCall {
  readonly type: 'functionCall';
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly callId?: string | undefined;
}

/** A call of `apply_patch`; sent in the form the release offers, see {@link applyPatch}. */
export interface PatchCall {
  readonly type: 'patch';
  readonly patch: string;
  readonly via: 'tool' | 'shell' | 'offered';
  readonly callId?: string | undefined;
}

/** Text of the assistant. A turn of messages only is the last one of a run. */
export interface AssistantMessage {
  readonly type: 'message';
  readonly text: string;
}

/** One thing the model puts out. */
export type ModelItem = FunctionCall | PatchCall | AssistantMessage;

/** Options of the tool that starts a command; times and limits are the client's when absent. */
export interface ExecCommandOptions {
  readonly tty?: boolean;
  readonly workdir?: string;
  readonly shell?: string;
  readonly login?: boolean;
  readonly yieldTimeMs?: number;
  readonly maxOutputTokens?: number;
  readonly callId?: string;
}

/** Runs a command through the client's shell. */
export function execCommand(cmd: string, options: ExecCommandOptions = {}): FunctionCall {
  return {
    type: 'functionCall',
    name: 'exec_command',
    callId: options.callId,
    arguments: {
      cmd,
      tty: options.tty,
      workdir: options.workdir,
      shell: options.shell,
      login: options.login,
      yield_time_ms: options.yieldTimeMs,
      max_output_tokens: options.maxOutputTokens,
    },
  };
}

/** Types into a running command; empty `chars` only waits for output. */
export function writeStdin(
  sessionId: number,
  chars: string,
  options: Pick<ExecCommandOptions, 'yieldTimeMs' | 'maxOutputTokens' | 'callId'> = {},
): FunctionCall {
  return {
    type: 'functionCall',
    name: 'write_stdin',
    callId: options.callId,
    arguments: {
      session_id: sessionId,
      chars,
      yield_time_ms: options.yieldTimeMs,
      max_output_tokens: options.maxOutputTokens,
    },
  };
}

/** Attaches an image file of the environment to the conversation. */
export function viewImage(path: string, options: { readonly callId?: string } = {}): FunctionCall {
  return {
    type: 'functionCall',
    name: 'view_image',
    callId: options.callId,
    arguments: { path },
  };
}

/**
 * Changes files. `offered` takes the free-form tool where the client offers it for the configured
 * model and otherwise a heredoc in `exec_command`, which the client intercepts and never runs.
 */
export function applyPatch(
  patch: string,
  options: { readonly via?: PatchCall['via']; readonly callId?: string } = {},
): PatchCall {
  return { type: 'patch', patch, via: options.via ?? 'offered', callId: options.callId };
}

/** Says something to the user. */
export function say(text: string): AssistantMessage {
  return { type: 'message', text };
}
