import * as z from 'zod';

export const StateFileSchema = z.object({
  /** Format of this file. */
  version: z.literal(1),
  instanceId: z.string(),
  pid: z.number().int().positive(),
  port: z.number().int().min(1).max(65_535),
  /** Opens `/control`; never given to agents. */
  ownerToken: z.string().min(32),
  startedAtMs: z.number(),
});
/** How a reloaded window finds the executor it left running. Kept with mode 0600 in the workspace storage. */
export type StateFile = z.infer<typeof StateFileSchema>;
