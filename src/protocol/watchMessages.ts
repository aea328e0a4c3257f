import * as z from 'zod';
import { PathTextSchema, UnsignedSchema, optional } from './primitives';
import { SandboxSchema } from './sandboxMessages';

export const WatchMissingParamsSchema = z.object({
  watchId: UnsignedSchema,
  missing: z.array(PathTextSchema),
  /** One file that exists and whose change matters as well. */
  present: optional(PathTextSchema),
  sandbox: optional(SandboxSchema),
});
export type WatchMissingParams = z.infer<typeof WatchMissingParamsSchema>;

/** `watching: false` means that the caller learns nothing and must look again each time. */
export const WatchMissingResponseSchema = z.object({ watching: z.boolean() });
export type WatchMissingResponse = z.infer<typeof WatchMissingResponseSchema>;

/** Sent once; the watch is over. It is a hint: the caller looks at what it wants to know. */
export const MissingChangedNotificationSchema = z.object({ watchId: UnsignedSchema });
export type MissingChangedNotification = z.infer<typeof MissingChangedNotificationSchema>;
