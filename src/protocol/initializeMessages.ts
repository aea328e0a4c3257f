import * as z from 'zod';
import { EnvironmentInfoSchema } from './environmentMessages';
import { boundedText, optional } from './primitives';

export const InitializeParamsSchema = z.object({
  clientName: boundedText('clientName'),
  /** The session to take up again after a lost connection. */
  resumeSessionId: optional(boundedText('resumeSessionId')),
});
export type InitializeParams = z.infer<typeof InitializeParamsSchema>;

export const InitializeResponseSchema = z.object({
  sessionId: z.string(),
  environmentInfo: EnvironmentInfoSchema.optional(),
});
export type InitializeResponse = z.infer<typeof InitializeResponseSchema>;
