import * as z from 'zod';
import { PathTextSchema, UnsignedSchema, optional } from './primitives';
import { SandboxSchema } from './sandboxMessages';

export const WalkOptionsSchema = z.object({
  /** Levels below the root that are entered; 0 lists its direct children only. */
  maxDepth: UnsignedSchema,
  /** Directories entered, the root among them. */
  maxDirectories: UnsignedSchema,
  maxEntries: UnsignedSchema,
  followDirectorySymlinks: z.boolean(),
  /** Lists directories whose name begins with a dot without entering them. */
  pruneHiddenDirectories: z.boolean().optional(),
});
export type WalkOptions = z.infer<typeof WalkOptionsSchema>;

export const WalkParamsSchema = z.object({
  path: PathTextSchema,
  options: WalkOptionsSchema,
  sandbox: optional(SandboxSchema),
});
export type WalkParams = z.infer<typeof WalkParamsSchema>;

export const WalkEntrySchema = z.object({ path: z.string(), kind: z.enum(['file', 'directory']) });
export type WalkEntry = z.infer<typeof WalkEntrySchema>;

/** A place that could not be looked at; the walk goes on without it. */
export const WalkErrorSchema = z.object({ path: z.string(), message: z.string() });
export type WalkError = z.infer<typeof WalkErrorSchema>;

export const WalkResponseSchema = z.object({
  entries: z.array(WalkEntrySchema),
  errors: z.array(WalkErrorSchema),
  /** A limit ended the walk early. That `maxDepth` was reached does not count as one. */
  truncated: z.boolean(),
});
export type WalkResponse = z.infer<typeof WalkResponseSchema>;
