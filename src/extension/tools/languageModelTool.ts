import * as vscode from 'vscode';
import type { AgentTool, ToolAnswer, ToolPreparation } from './agentTool';
import { imagePart } from './imagePart';
import { ToolInput, toolFailed } from './toolInput';

/** A tool as the editor calls it. */
export class EditorTool implements vscode.LanguageModelTool<object> {
  constructor(private readonly tool: AgentTool) {}

  async prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<object>): Promise<vscode.PreparedToolInvocation> {
    return prepared(await this.tool.prepare(new ToolInput(input)));
  }

  async invoke(
    { input }: vscode.LanguageModelToolInvocationOptions<object>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const abort = new AbortController();
    const subscription = token.onCancellationRequested(() => abort.abort());
    if (token.isCancellationRequested) abort.abort();
    try {
      return resultOf(await this.tool.invoke(new ToolInput(input), abort.signal));
    } finally {
      subscription.dispose();
    }
  }
}

function prepared({ message, question }: ToolPreparation): vscode.PreparedToolInvocation {
  if (question === undefined) return { invocationMessage: message };
  return {
    invocationMessage: message,
    confirmationMessages: {
      title: question.title,
      message: new vscode.MarkdownString(question.markdown),
    },
  };
}

function resultOf(answer: ToolAnswer): vscode.LanguageModelToolResult {
  if (answer.kind === 'text') {
    return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(answer.text)]);
  }
  const part = imagePart(vscode, answer);
  if (part === undefined) {
    throw toolFailed(
      'Failed to view the image: this version of VS Code cannot pass images to models. Update it.',
    );
  }
  const result = new vscode.LanguageModelToolResult([]);
  result.content.push(part);
  return result;
}
