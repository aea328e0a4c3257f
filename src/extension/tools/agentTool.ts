import type { ToolInput } from './toolInput';

/** What a tool gives back to the model. */
export type ToolAnswer =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly mimeType: string; readonly bytes: Buffer };

/** What the chat shows before a tool runs. */
export interface ToolPreparation {
  /** Plain text, while it runs. */
  readonly message: string;
  /** Asks the user first; the body is Markdown, in which text of a model stands escaped. */
  readonly question?: { readonly title: string; readonly markdown: string } | undefined;
}

/** A tool without the editor around it. */
export interface AgentTool {
  /** Has no effect. */
  prepare(input: ToolInput): ToolPreparation | Promise<ToolPreparation>;
  /**
   * @throws ExecServerError `invalidArguments` or `toolFailed`, in words for the model; RpcError as the
   *   server answered. An aborted signal ends the waiting, with the same.
   */
  invoke(input: ToolInput, signal: AbortSignal): Promise<ToolAnswer>;
}

export function textAnswer(text: string): ToolAnswer {
  return { kind: 'text', text };
}
