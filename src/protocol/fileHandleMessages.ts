import * as z from 'zod';
import { Base64Schema, PathTextSchema, UnsignedSchema, optional } from './primitives';
import { SandboxSchema } from './sandboxMessages';

/** The caller's name for an open file, unique on its connection. Its length is the handler's to judge. */
const FileHandleIdSchema = z.string();

/** `replace` creates the file or empties it at once. */
export const OpenModeSchema = z.enum(['read', 'replace']);
export type OpenMode = z.infer<typeof OpenModeSchema>;

export const OpenParamsSchema = z.object({
  handleId: FileHandleIdSchema,
  path: PathTextSchema,
  mode: OpenModeSchema.optional(),
  sandbox: optional(SandboxSchema),
});
export type OpenParams = z.infer<typeof OpenParamsSchema>;
export const OpenResponseSchema = z.object({ handleId: FileHandleIdSchema });
export type OpenResponse = z.infer<typeof OpenResponseSchema>;

export const ReadBlockParamsSchema = z.object({
  handleId: FileHandleIdSchema,
  offset: UnsignedSchema,
  len: UnsignedSchema,
});
export type ReadBlockParams = z.infer<typeof ReadBlockParamsSchema>;
export const ReadBlockResponseSchema = z.object({
  chunk: Base64Schema,
  /** Fewer bytes than asked for were left. A block that ends exactly at the end has it false. */
  eof: z.boolean(),
});
export type ReadBlockResponse = z.infer<typeof ReadBlockResponseSchema>;

export const WriteBlockParamsSchema = z.object({
  handleId: FileHandleIdSchema,
  offset: UnsignedSchema,
  chunk: Base64Schema,
});
export type WriteBlockParams = z.infer<typeof WriteBlockParamsSchema>;

export const CloseParamsSchema = z.object({ handleId: FileHandleIdSchema });
export type CloseParams = z.infer<typeof CloseParamsSchema>;
