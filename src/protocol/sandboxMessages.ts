import * as z from 'zod';
import { defaultLimits } from '../base/limits';
import { PathTextSchema, optional } from './primitives';

/** Places a policy names by their role. `unknown` is one that the caller itself did not understand. */
const SpecialPlaceSchema = z.strictObject({
  kind: z.enum([
    'root',
    'minimal',
    'current_working_directory',
    'project_roots',
    'tmpdir',
    'slash_tmp',
    'unknown',
  ]),
  /** Below each project root. */
  subpath: optional(z.string()),
  /** What the caller read where the kind is `unknown`. */
  path: optional(z.string()),
});

const SandboxPlaceSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('path'), path: PathTextSchema }),
  z.strictObject({ type: z.literal('glob_pattern'), pattern: z.string() }),
  z.strictObject({ type: z.literal('special'), value: SpecialPlaceSchema }),
]);

const SandboxEntrySchema = z.strictObject({
  path: SandboxPlaceSchema,
  /** `none` is what earlier releases call `deny`. */
  access: z.enum(['read', 'write', 'deny', 'none']),
  missing_path_behavior: optional(z.literal('skip')),
});
/** One rule of a policy. */
export type SandboxEntry = z.infer<typeof SandboxEntrySchema>;

const FileSystemPermissionsSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('restricted'),
    entries: z.array(SandboxEntrySchema).max(defaultLimits.maxSandboxEntries),
    glob_scan_max_depth: optional(z.number().int().positive()),
  }),
  z.strictObject({ type: z.literal('unrestricted') }),
]);

const NetworkPermissionSchema = z.enum(['restricted', 'enabled']);

const PermissionsSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('managed'),
    file_system: FileSystemPermissionsSchema,
    network: NetworkPermissionSchema,
  }),
  z.object({ type: z.literal('disabled') }),
  /** The caller confines files by other means. */
  z.strictObject({ type: z.literal('external'), network: NetworkPermissionSchema }),
]);

/**
 * What a request may carry to have its process or its file operation confined. Within the permissions a
 * member or a kind that is not known here is refused: passing it over could allow what the caller meant
 * to forbid. Members beside them are for other platforms and dropped.
 */
export const SandboxSchema = z.object({
  permissions: PermissionsSchema,
  cwd: optional(PathTextSchema),
  workspaceRoots: optional(z.array(PathTextSchema)),
  /** What the policy was written for, where that is another place than the request's own. */
  policyContext: optional(
    z.object({ cwd: optional(PathTextSchema), workspaceRoots: optional(z.array(PathTextSchema)) }),
  ),
  /** For other platforms; the measured peer refuses a sandbox that does not name it. */
  windowsSandboxLevel: optional(z.string()),
});
export type SandboxMember = z.infer<typeof SandboxSchema>;
