import * as z from 'zod';
import { Base64Schema, UnsignedSchema, boundedText, optional } from './primitives';

export const HttpHeaderSchema = z.object({ name: z.string(), value: z.string() });
export type HttpHeader = z.infer<typeof HttpHeaderSchema>;

/** `valueEnvVar` names a variable of the executor whose value is put behind `value`. */
export const HttpRequestHeaderSchema = z.object({
  name: z.string(),
  value: z.string(),
  valueEnvVar: optional(z.string()),
});
export type HttpRequestHeader = z.infer<typeof HttpRequestHeaderSchema>;

export const RedirectPolicySchema = z.enum(['follow', 'stop']);
export type RedirectPolicy = z.infer<typeof RedirectPolicySchema>;

export const HttpRequestParamsSchema = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.array(HttpRequestHeaderSchema).optional(),
  bodyBase64: optional(Base64Schema),
  /** The whole time, the body's included. */
  timeoutMs: optional(UnsignedSchema),
  redirectPolicy: RedirectPolicySchema.optional(),
  /** What the deltas of a streamed body refer to. */
  requestId: boundedText('requestId'),
  streamResponse: z.boolean().optional(),
});
export type HttpRequestParams = z.infer<typeof HttpRequestParamsSchema>;

/** With `streamResponse` the body is empty here and follows in deltas. */
export const HttpRequestResponseSchema = z.object({
  status: z.number(),
  headers: z.array(HttpHeaderSchema),
  bodyBase64: Base64Schema,
});
export type HttpRequestResponse = z.infer<typeof HttpRequestResponseSchema>;

/** Numbered from 1 for each request; the last one is empty, `done`, and says whether the body broke. */
export const BodyDeltaNotificationSchema = z.object({
  requestId: z.string(),
  seq: z.number(),
  deltaBase64: Base64Schema,
  done: z.boolean(),
  error: z.string().nullable(),
});
export type BodyDelta = z.infer<typeof BodyDeltaNotificationSchema>;
