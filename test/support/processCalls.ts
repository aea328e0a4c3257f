import type { ServerUnderTest } from './execServerHarness';
import { startServer } from './execServerHarness';
import type { OpenedClient, WireReply } from './wireClient';
import { WireClient, startParams } from './wireClient';

/** What tests of processes say over the wire again and again. */

/** Text as the wire carries bytes. */
export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A failed reply. */
export const refused = (code: number, message: string): WireReply => ({ error: { code, message } });

/** A server with one ready client. */
export async function openClient(): Promise<{
  server: ServerUnderTest;
  client: WireClient & OpenedClient;
}> {
  const server = await startServer();
  return { server, client: await WireClient.open(server.url) };
}

/** Starts a program, waits for its end and tells what was notified, output joined per stream. */
export async function run(
  client: WireClient,
  processId: string,
  argv: string | readonly string[],
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<{ output: Record<string, string>; exitCode: number | undefined }> {
  await client.request('process/start', startParams(processId, argv, overrides));
  await client.outputOf(processId);
  return ended(client, processId);
}

/** The same of a program that has ended. */
export function ended(
  client: WireClient,
  processId: string,
): { output: Record<string, string>; exitCode: number | undefined } {
  const output: Record<string, string> = {};
  let exitCode: number | undefined;
  for (const { params } of client.eventsOf(processId)) {
    if (params.stream !== undefined) {
      const text = Buffer.from(params.chunk ?? '', 'base64').toString();
      output[params.stream] = (output[params.stream] ?? '') + text;
    }
    exitCode = params.exitCode ?? exitCode;
  }
  return { output, exitCode };
}

/** Waits until a program has printed a text. */
export async function printed(client: WireClient, processId: string, text: string): Promise<void> {
  await client.next(() =>
    client
      .eventsOf(processId)
      .map(({ params }) => Buffer.from(params.chunk ?? '', 'base64').toString())
      .join('')
      .includes(text),
  );
}

/** Writes to a program and gives the reply. */
export const write = (
  client: WireClient,
  processId: string,
  text: string,
  writeId: string,
): Promise<WireReply> => client.call('process/write', { processId, chunk: base64(text), writeId });

/** The reply of a write. */
export const status = (value: string): WireReply => ({ result: { status: value } });

/** The text of everything a process wrote so far, as the agent got it. */
export const textOf = (agent: WireClient, processId: string): string =>
  agent
    .eventsOf(processId)
    .map(({ params }) => Buffer.from(params.chunk ?? '', 'base64').toString())
    .join('');

/** Waits until it holds a text and gives all of it. */
export async function untilText(
  agent: WireClient,
  processId: string,
  expected: string,
): Promise<string> {
  await agent.next(() => textOf(agent, processId).includes(expected));
  return textOf(agent, processId);
}
