import * as z from 'zod';

export const CapabilitiesSchema = z.record(z.string(), z.boolean());

export const EnvironmentInfoSchema = z.object({
  shell: z.object({ name: z.enum(['bash', 'zsh', 'sh', 'powershell', 'cmd']), path: z.string() }),
  executorVersion: z.string().optional(),
  cwd: z.string().optional(),
  userHomeDir: z.string().optional(),
  platformOs: z.string().optional(),
  prependPathDirs: z.array(z.string()).optional(),
  temporaryDirectories: z.array(z.string()).optional(),
  tempDir: z.string().optional(),
  /**
   * Ours: random names of the executors that calls pass, the one asked first. An executor that finds its own
   * name at a remote knows that calls would go round.
   */
  servedThrough: z.array(z.string()).optional(),
  /**
   * Features a client may use beyond the basic methods; absent means false. `exec` and `filesystem` are
   * ours: whether the methods that need them are answered at all; absent from others, who answer all.
   */
  capabilities: CapabilitiesSchema.optional(),
});
/** What a client learns about the place its commands run in. Paths are `file:` URIs, but for `shell.path`. */
export type EnvironmentInfoResponse = z.infer<typeof EnvironmentInfoSchema>;

/** The user chose another place, or what may be done there: the same as `environment/info` answers now. */
export const EnvironmentChangedNotificationSchema = EnvironmentInfoSchema;

export const EnvironmentStatusSchema = z.object({ status: z.string() });
export type EnvironmentStatusResponse = z.infer<typeof EnvironmentStatusSchema>;
