import assert from 'node:assert/strict';
import * as vscode from 'vscode';

/** A picture of one pixel. */
export const PIXEL_PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

/** Invokes a tool as the chat does, by its name without the prefix. */
export async function invokeTool(
  name: string,
  input: object,
): Promise<vscode.LanguageModelToolResult> {
  return vscode.lm.invokeTool(`execServer_${name}`, { input, toolInvocationToken: undefined });
}

/** The text a tool answers with. */
export async function textOfTool(name: string, input: object): Promise<string> {
  const [part] = (await invokeTool(name, input)).content;
  assert.ok(part instanceof vscode.LanguageModelTextPart);
  return part.value;
}

/** Starts a command that reads a line, types one, and answers with what came of it. */
export async function typeIntoCommand(): Promise<string> {
  const started = await textOfTool('exec_command', {
    ...{ cmd: 'read line; echo "got $line"', tty: true, login: false, yield_time_ms: 250 },
  });
  const [, number] = /running with session ID (\d+)/.exec(started) ?? [];
  return textOfTool('write_stdin', {
    ...{ session_id: Number(number), chars: 'this\n', yield_time_ms: 30_000 },
  });
}

/** The picture a tool answers with. */
export async function imageOfTool(
  name: string,
  input: object,
): Promise<{ readonly mimeType: unknown; readonly bytes: Buffer }> {
  const [part] = (await invokeTool(name, input)).content;
  assert.ok(typeof part === 'object' && part !== null && 'mimeType' in part && 'data' in part);
  assert.ok(part.data instanceof Uint8Array);
  return { mimeType: part.mimeType, bytes: Buffer.from(part.data) };
}
