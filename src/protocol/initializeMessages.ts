import * as z from 'zod';
import { EnvironmentInfoSchema } from './environmentMessages';
import { boundedText, optional } from './primitives';

export const InitializeParamsSchema = z.object({
  clientName: boundedText('clientName'),
  /** The session to take up again after a lost connection. */
  resumeSessionId: optional(boundedText('resumeSessionId')),
  /** Asks for output as it is instead of base64 in JSON; see `outputFrame.ts`. */
  binaryOutput: optional(z.boolean()),
});
export type InitializeParams = z.infer<typeof InitializeParamsSchema>;

export const InitializeResponseSchema = z.object({
  sessionId: boundedText('sessionId'),
  /** Absent where the place has not told in time; `environment/info` asks again. */
  environmentInfo: EnvironmentInfoSchema.optional(),
  /** Present when it was asked for and will be done. */
  binaryOutput: z.literal(true).optional(),
});
export type InitializeResponse = z.infer<typeof InitializeResponseSchema>;
