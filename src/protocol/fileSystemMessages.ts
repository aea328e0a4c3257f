import * as z from 'zod';
import { Base64Schema, PathTextSchema, optional } from './primitives';
import { SandboxSchema } from './sandboxMessages';

/** What every `fs/*` request may carry. */
const common = { sandbox: optional(SandboxSchema) };
const onOnePath = { path: PathTextSchema, followSymlinks: optional(z.boolean()), ...common };

export const GetMetadataParamsSchema = z.object(onOnePath);
export type GetMetadataParams = z.infer<typeof GetMetadataParamsSchema>;

export const GetMetadataResponseSchema = z.object({
  isDirectory: z.boolean(),
  isFile: z.boolean(),
  isSymlink: z.boolean(),
  /** Releases up to 0.131 do not tell. */
  size: z.number().default(0),
  createdAtMs: z.number(),
  modifiedAtMs: z.number(),
});
/** Kind and size follow a symbolic link; `isSymlink` is the link's own. Times are ms since the epoch. */
export type FileMetadata = z.infer<typeof GetMetadataResponseSchema>;

export const ReadFileParamsSchema = z.object(onOnePath);
export type ReadFileParams = z.infer<typeof ReadFileParamsSchema>;
export const ReadFileResponseSchema = z.object({ dataBase64: Base64Schema });
export type ReadFileResponse = z.infer<typeof ReadFileResponseSchema>;

export const WriteFileParamsSchema = z.object({ ...onOnePath, dataBase64: Base64Schema });
export type WriteFileParams = z.infer<typeof WriteFileParamsSchema>;

export const CreateDirectoryParamsSchema = z.object({
  ...onOnePath,
  recursive: optional(z.boolean()),
});
export type CreateDirectoryParams = z.infer<typeof CreateDirectoryParamsSchema>;

export const ReadDirectoryParamsSchema = z.object({ path: PathTextSchema, ...common });
export type ReadDirectoryParams = z.infer<typeof ReadDirectoryParamsSchema>;
export const DirectoryEntrySchema = z.object({
  fileName: z.string(),
  isDirectory: z.boolean(),
  isFile: z.boolean(),
});
export type DirectoryEntry = z.infer<typeof DirectoryEntrySchema>;
export const ReadDirectoryResponseSchema = z.object({ entries: z.array(DirectoryEntrySchema) });
export type ReadDirectoryResponse = z.infer<typeof ReadDirectoryResponseSchema>;

export const CanonicalizeParamsSchema = z.object({ path: PathTextSchema, ...common });
export type CanonicalizeParams = z.infer<typeof CanonicalizeParamsSchema>;
export const CanonicalizeResponseSchema = z.object({ path: z.string() });
export type CanonicalizeResponse = z.infer<typeof CanonicalizeResponseSchema>;

export const RemoveParamsSchema = z.object({
  ...onOnePath,
  recursive: optional(z.boolean()),
  force: optional(z.boolean()),
});
export type RemoveParams = z.infer<typeof RemoveParamsSchema>;

export const CopyParamsSchema = z.object({
  sourcePath: PathTextSchema,
  destinationPath: PathTextSchema,
  recursive: z.boolean(),
  ...common,
});
export type CopyParams = z.infer<typeof CopyParamsSchema>;
