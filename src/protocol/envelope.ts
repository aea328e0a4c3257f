import { isUtf8 } from 'node:buffer';
import { EncodedResult } from './encodedResult';
import type { RpcError } from './errorCodes';
import { parseJson } from './jsonParse';
import type { JsonLimits } from './jsonScan';
import { findTopLevelScalar } from './jsonScan';
import type { OutgoingMessage } from './outgoingMessage';
import type { RequestId } from './requestId';
import { RawInteger, idToJson } from './requestId';

/*
 * The outermost object of every message. There is no `jsonrpc` member and there are no batches:
 *
 *   {"id":1,"method":"process/start","params":{…}}     request
 *   {"method":"initialized","params":{}}               notification
 *   {"id":1,"result":{…}}                              response
 *   {"error":{"code":-32602,"message":"…"},"id":1}     response, failed
 */

/** A call that wants an answer. */
export interface IncomingRequest {
  readonly kind: 'request';
  readonly id: RequestId;
  readonly method: string;
  /** As sent and not looked at yet; `undefined` when there were none. */
  readonly params: unknown;
}

/** A fact that wants none. */
export interface IncomingNotification {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: unknown;
}

/** How a call of ours ended. */
export type ResponseOutcome =
  | { readonly result: unknown }
  | {
      readonly error: { readonly code: number; readonly message: string; readonly data?: unknown };
    };

/** The answer to a call of ours. */
export interface IncomingResponse {
  readonly kind: 'response';
  readonly id: RequestId;
  readonly outcome: ResponseOutcome;
}

/** Something else; `detail` tells its sender what is wrong, without quoting it. */
export interface MalformedMessage {
  readonly kind: 'malformed';
  readonly detail: string;
}

export type Incoming = IncomingRequest | IncomingNotification | IncomingResponse | MalformedMessage;

type JsonObject = Readonly<Record<string, unknown>>;

/** Reads one message. Its params are not looked at, unknown members are ignored. Never throws. */
export function parseMessage(data: Buffer | string, limits: JsonLimits): Incoming {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  if (!isUtf8(bytes)) return malformed('invalid UTF-8');
  const parsed = parseJson(bytes, limits);
  if ('fault' in parsed) return malformed(parsed.fault);
  const { value } = parsed;
  return isObject(value) ? classify(value, bytes) : malformed('expected a JSON-RPC object');
}

export function encodeRequest(id: RequestId, method: string, params?: unknown): string {
  return `{"id":${idToJson(id)},"method":${JSON.stringify(method)}${paramsMember(params)}}`;
}

export function encodeNotification(method: string, params?: unknown): string {
  return `{"method":${JSON.stringify(method)}${paramsMember(params)}}`;
}

/** Text, or what writes itself where the result is bytes that no string should hold. */
export function encodeResponse(id: RequestId, result: unknown): OutgoingMessage {
  const head = `{"id":${idToJson(id)},"result":`;
  if (!(result instanceof EncodedResult)) return `${head}${jsonOf(result)}}`;
  const headBytes = Buffer.from(head);
  return {
    byteLength: headBytes.length + result.byteLength + 1,
    writeTo(target, offset) {
      const start = offset + headBytes.copy(target, offset);
      const end = result.writeTo(target, start);
      return end + target.write('}', end);
    },
    *pieces() {
      yield headBytes;
      yield* result.pieces();
      yield Buffer.from('}');
    },
  };
}

export function encodeError(id: RequestId, error: RpcError): string {
  const { code, message } = error;
  return `{"error":${JSON.stringify({ code, message })},"id":${idToJson(id)}}`;
}

function classify(message: JsonObject, bytes: Buffer): Incoming {
  const { method, params, trace } = message;
  const hasId = Object.hasOwn(message, 'id');
  const id = hasId ? readId(message['id'], bytes) : undefined;
  if (hasId && id === undefined) return malformed('expected a string or a 64-bit integer as id');
  if (!Object.hasOwn(message, 'method')) return classifyResponse(message, id);
  if (typeof method !== 'string') return malformed('expected a string as method');
  if (!isTrace(trace)) return malformed('expected a W3C trace context as trace');
  return id === undefined
    ? { kind: 'notification', method, params }
    : { kind: 'request', id, method, params };
}

function classifyResponse(message: JsonObject, id: RequestId | undefined): Incoming {
  if (id !== undefined && Object.hasOwn(message, 'result')) {
    return { kind: 'response', id, outcome: { result: message['result'] } };
  }
  const error = message['error'];
  if (error === undefined) return malformed('missing field `error`');
  if (id === undefined) return malformed('missing field `id`');
  if (!isObject(error)) return malformed('expected an object as error');
  const { code, message: text, data } = error;
  if (!Number.isInteger(code) || typeof code !== 'number' || typeof text !== 'string') {
    return malformed('expected an integer code and a message in error');
  }
  const outcome = data === undefined ? { code, message: text } : { code, message: text, data };
  return { kind: 'response', id, outcome: { error: outcome } };
}

/** @returns `undefined` for what cannot be an id. */
function readId(id: unknown, bytes: Buffer): RequestId | undefined {
  if (typeof id === 'string' || Number.isSafeInteger(id)) return id as string | number;
  if (typeof id !== 'number' || !Number.isInteger(id)) return undefined;
  // The number has lost digits by now; the text still has them.
  return RawInteger.parse(findTopLevelScalar(bytes, 'id') ?? '');
}

/** W3C trace context: two strings, each optional. It has no effect, but a wrong one is a wrong message. */
function isTrace(trace: unknown): boolean {
  if (trace === undefined || trace === null) return true;
  return (
    isObject(trace) && isOptionalText(trace['traceparent']) && isOptionalText(trace['tracestate'])
  );
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string';
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function paramsMember(params: unknown): string {
  return params === undefined ? '' : `,"params":${JSON.stringify(params)}`;
}

/** A handler that has nothing to say still owes the member. */
function jsonOf(result: unknown): string {
  return result === undefined ? 'null' : JSON.stringify(result);
}

const malformed = (detail: string): MalformedMessage => ({ kind: 'malformed', detail });
