import * as z from 'zod';
import { defaultLimits } from '../base/limits';
import { parsePathText } from './pathText';
import { ErrorCode, RpcError } from './errorCodes';

/** A text the caller chooses and we keep: an id or a name. */
export function boundedText(member: string): z.ZodString {
  return z.string().refine((text) => Buffer.byteLength(text) <= defaultLimits.maxIdBytes, {
    message: `${member} is longer than ${defaultLimits.maxIdBytes} bytes`,
  });
}

/** The caller's handle of a process, unique in its session. */
export const ProcessIdSchema = boundedText('processId');

/** A path in either form of `pathText.ts`. It stays text here; handlers read it with `parsePathText`. */
export const PathTextSchema = z.string().superRefine((text, context) => {
  try {
    parsePathText(text);
  } catch (error) {
    // A URI that is well formed but means nothing here is the handler's to refuse, with another code.
    if (error instanceof RpcError && error.code === ErrorCode.invalidParams) {
      context.addIssue({ code: 'custom', message: error.message, params: { verbatim: true } });
    }
  }
});

/** Bytes as padded standard base64; decoded by `decodeBase64`, once, where they are used. */
export const Base64Schema = z.string();

/** The wire counts in 64 bits; "as much as there is" comes as the largest of them. */
const MAX_UINT64 = 2 ** 64;

/** An unsigned count or cursor. */
export const UnsignedSchema = z.number().nonnegative().max(MAX_UINT64).multipleOf(1);

/** A terminal dimension, in character cells; the kernel keeps it in 16 bits. */
export const CellCountSchema = z.number().int().min(1).max(65_535);

/** A request without parameters: absent, `null` or an empty object. */
export const NoParamsSchema = z.union([z.null(), z.strictObject({})]).optional();

/** An empty result. */
export const EmptyResponseSchema = z.object({});

/** A member that may be absent or `null`, both meaning the same. */
export function optional<T extends z.ZodType>(schema: T): z.ZodOptional<z.ZodNullable<T>> {
  return schema.nullable().optional();
}
