import * as z from 'zod';
import { defaultLimits } from '../base/limits';
import { ErrorCode, RpcError } from './errorCodes';
import type { PathStyle } from './pathStyle';
import { localPathStyle } from './pathStyle';
import { parsePathText } from './pathText';

/** A text the caller chooses and we keep: an id or a name. */
export function boundedText(member: string): z.ZodString {
  return z.string().refine((text) => Buffer.byteLength(text) <= defaultLimits.maxIdBytes, {
    message: `${member} is longer than ${defaultLimits.maxIdBytes} bytes`,
  });
}

/** The caller's handle of a process, unique in its session. */
export const ProcessIdSchema = boundedText('processId');

const foreignPathStyle: PathStyle = localPathStyle === 'posix' ? 'windows' : 'posix';

/**
 * A path in either form of `pathText.ts`. It stays text here; handlers read it with `parsePathText` in the
 * style of the environment, so what is no path here may pass when it is one on a machine of another style.
 */
export const PathTextSchema = z.string().superRefine((text, context) => {
  const message = faultOfPath(text, localPathStyle);
  if (message === undefined || faultOfPath(text, foreignPathStyle) === undefined) return;
  context.addIssue({ code: 'custom', message, params: { verbatim: true } });
});

/** A URI that is well formed but means nothing there is the handler's to refuse, with another code. */
function faultOfPath(text: string, style: PathStyle): string | undefined {
  try {
    parsePathText(text, style);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    if (error.code === ErrorCode.invalidParams) return error.message;
  }
  return undefined;
}

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
