/**
 * A model server on loopback that plays a script instead of thinking.
 *
 *   codex ── POST /v1/responses {input, tools} ──► ScriptedModel ── turn n(request) ──► items
 *         ◄── SSE: created, one output_item.done per item, completed ──
 *
 * Every request of the client is one turn: the items of turn n are tool calls, the request that
 * asks for turn n+1 carries their outputs, and a turn that answers only with a message ends the
 * client's run. Whatever the script did not foresee (one turn too many, another endpoint) is kept
 * in `failure`, so that a test reports the cause and not the client's confused reaction.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { z } from 'zod';
import { Deferred } from '../../src/base/deferred';
import { redact } from './codexRedaction';
import { execCommand } from './scriptedModelItems';
import type { ModelItem, PatchCall } from './scriptedModelItems';

/** One answer of a tool, as the client reported it to the model. */
export interface ToolOutput {
  readonly callId: string;
  /** The text parts joined; an image part stands as `<image TYPE, N base64 characters>`. */
  readonly output: string;
  /** The data URLs of the image parts, in order. */
  readonly images: readonly string[];
}

/** What a turn may look at before it decides what the model says. */
export interface ModelRequest {
  /** Zero for the first request of the run. */
  readonly index: number;
  /** The parsed JSON of the request, untouched. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Names of the tools on offer; hosted tools without a name appear by their type. */
  readonly tools: readonly { readonly type: string; readonly name: string }[];
  /** All outputs in this request, oldest first. */
  readonly toolOutputs: readonly ToolOutput[];
  /** The newest output; throws when the request has none. */
  lastOutput(): ToolOutput;
  /** Aborted when the client hangs up or the server closes, so that a held turn can let go. */
  readonly signal: AbortSignal;
}

/** What the model does next. A promise holds the agent until it settles. */
export type Turn = (request: ModelRequest) => readonly ModelItem[] | Promise<readonly ModelItem[]>;

const ContentPartSchema = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  image_url: z.string().optional(),
});

const OutputItemSchema = z.object({
  type: z.enum(['function_call_output', 'custom_tool_call_output']),
  call_id: z.string(),
  output: z.union([z.string(), z.array(ContentPartSchema)]),
});

const RequestBodySchema = z.looseObject({
  stream: z.literal(true),
  input: z.array(z.unknown()),
  tools: z.array(z.looseObject({ type: z.string(), name: z.string().optional() })).default([]),
});

type RequestBody = z.infer<typeof RequestBodySchema>;

/** Enough for a conversation with a few screenshots in it; more is a loop in the script. */
const maxBodyBytes = 64 * 1024 * 1024;

/** The scripted server. Start it with {@link ScriptedModel.start}, end it with `close`. */
export class ScriptedModel {
  private readonly bodies: Readonly<Record<string, unknown>>[] = [];
  private readonly outputs = new Map<string, ToolOutput>();
  private readonly closing = new AbortController();
  private readonly asked: readonly Deferred<void>[];
  private firstFailure: Error | undefined;

  private constructor(
    private readonly script: readonly Turn[],
    private readonly server: Server,
  ) {
    this.asked = script.map(() => new Deferred<void>());
    server.on('request', (request, response) => {
      this.serve(request, response).catch((error: unknown) => {
        this.refuse(response, error);
      });
    });
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(script: readonly Turn[]): Promise<ScriptedModel> {
    const server = createServer();
    const model = new ScriptedModel(script, server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return model;
  }

  /** The base URL for the client's provider entry. */
  get baseUrl(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') {
      throw new Error('Failed to read the address of the scripted model: it is not listening');
    }
    return `http://127.0.0.1:${address.port}/v1`;
  }

  /** The bodies of all model requests so far, oldest first. */
  get requests(): readonly Readonly<Record<string, unknown>>[] {
    return this.bodies;
  }

  /** What first went wrong: a request outside the script, or a turn that threw. */
  get failure(): Error | undefined {
    return this.firstFailure;
  }

  /** Every tool output seen in the run, in the order in which it first appeared. */
  toolOutputs(): readonly ToolOutput[] {
    return [...this.outputs.values()];
  }

  /**
   * Settles when the client asks for turn `index` (from zero), so before that turn answers.
   * Rejects when the run failed or the model closed before it came to that.
   */
  async reached(index: number): Promise<void> {
    const turn = this.asked[index];
    if (turn === undefined) {
      throw new Error(`Failed to wait for turn ${index}: the script has ${this.script.length}`);
    }
    await turn.promise;
  }

  /** Fails unless the whole script was played and nothing outside it was asked for. */
  assertFinished(): void {
    if (this.firstFailure !== undefined) {
      throw this.firstFailure;
    }
    if (this.bodies.length !== this.script.length) {
      throw new Error(
        `Failed to play the script: ${this.bodies.length} of ${this.script.length} turns were asked for`,
      );
    }
  }

  /** Ends every connection, also those of held turns, and settles when the port is free. */
  async close(): Promise<void> {
    this.closing.abort();
    this.giveUp(new Error('Failed to reach the turn: the scripted model closed'));
    if (!this.server.listening) {
      return;
    }
    await new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
      this.server.closeAllConnections();
    });
  }

  private giveUp(reason: Error): void {
    for (const turn of this.asked.filter(({ isSettled }) => !isSettled)) {
      turn.reject(reason);
    }
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    if (request.method !== 'POST' || path !== '/v1/responses') {
      throw new Error(`Failed to serve ${request.method ?? ''} ${path}: not a model request`);
    }
    const body = await readBody(request);
    const index = this.bodies.push(body) - 1;
    const turn = this.script[index];
    const toolOutputs = body.input.flatMap(readToolOutput);
    for (const output of toolOutputs) {
      this.outputs.set(output.callId, output);
    }
    if (turn === undefined) {
      throw new Error(
        `Failed to play turn ${index + 1}: the script has ${this.script.length}; ` +
          `the last output was ${redact(toolOutputs.at(-1)?.output ?? '(none)')}`,
      );
    }
    this.asked[index]?.resolve();
    const gone = new AbortController();
    response.once('close', () => {
      gone.abort();
    });
    const items = await turn({
      index,
      body,
      tools: body.tools.map(({ type, name }) => ({ type, name: name ?? type })),
      toolOutputs,
      lastOutput: () => lastOf(toolOutputs, index),
      signal: AbortSignal.any([gone.signal, this.closing.signal]),
    });
    sendStream(response, index, items, body);
  }

  // A 400 is final for the client, so it reports the text below instead of asking again.
  private refuse(response: ServerResponse, error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error));
    if (this.closing.signal.aborted || response.destroyed) {
      return;
    }
    this.firstFailure ??= failure;
    this.giveUp(failure);
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ error: { type: 'invalid_request_error', message: failure.message } }),
    );
  }
}

async function readBody(request: IncomingMessage): Promise<RequestBody> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > maxBodyBytes) {
      throw new Error(`Failed to read a model request: more than ${maxBodyBytes} bytes`);
    }
    chunks.push(bytes);
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined) {
    throw new Error(`Failed to read a model request: unexpected encoding ${encoding}`);
  }
  return RequestBodySchema.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
}

function readToolOutput(item: unknown): ToolOutput[] {
  const parsed = OutputItemSchema.safeParse(item);
  if (!parsed.success) {
    return [];
  }
  const { call_id: callId, output } = parsed.data;
  if (typeof output === 'string') {
    return [{ callId, output, images: [] }];
  }
  return [
    {
      callId,
      output: output.map(describePart).join('\n'),
      images: output.flatMap((part) => part.image_url ?? []),
    },
  ];
}

function describePart(part: z.infer<typeof ContentPartSchema>): string {
  if (part.image_url === undefined) {
    return part.text ?? `<${part.type}>`;
  }
  const [head = '', data = ''] = part.image_url.split(';base64,');
  return `<image ${head.replace(/^data:/, '')}, ${data.length} base64 characters>`;
}

function lastOf(outputs: readonly ToolOutput[], index: number): ToolOutput {
  const last = outputs.at(-1);
  if (last === undefined) {
    throw new Error(`Failed to read a tool output in turn ${index + 1}: the request has none`);
  }
  return last;
}

function sendStream(
  response: ServerResponse,
  index: number,
  items: readonly ModelItem[],
  body: RequestBody,
): void {
  if (response.destroyed) {
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const send = (event: { readonly type: string; readonly [member: string]: unknown }): void => {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  const id = `resp_${index}`;
  send({ type: 'response.created', response: { id } });
  for (const [position, item] of items.entries()) {
    send({
      type: 'response.output_item.done',
      output_index: position,
      item: toWireItem(item, `${index}_${position}`, body),
    });
  }
  send({
    type: 'response.completed',
    response: { id, usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } },
  });
  response.end();
}

function toWireItem(item: ModelItem, position: string, body: RequestBody): object {
  switch (item.type) {
    case 'message':
      return {
        type: 'message',
        role: 'assistant',
        id: `msg_${position}`,
        content: [{ type: 'output_text', text: item.text, annotations: [] }],
      };
    case 'functionCall':
      return {
        type: 'function_call',
        id: `fc_${position}`,
        call_id: item.callId ?? `call_${position}`,
        name: item.name,
        arguments: JSON.stringify(item.arguments),
      };
    case 'patch':
      return toWirePatch(item, position, body);
  }
}

function toWirePatch(item: PatchCall, position: string, body: RequestBody): object {
  const offered = body.tools.some((tool) => tool.type === 'custom' && tool.name === 'apply_patch');
  if (item.via === 'tool' || (item.via === 'offered' && offered)) {
    return {
      type: 'custom_tool_call',
      id: `ctc_${position}`,
      call_id: item.callId ?? `call_${position}`,
      name: 'apply_patch',
      input: item.patch,
    };
  }
  const heredoc = `apply_patch <<'EOF'\n${item.patch.replace(/\n?$/, '\n')}EOF\n`;
  return toWireItem(
    execCommand(heredoc, { callId: item.callId ?? `call_${position}` }),
    position,
    body,
  );
}
