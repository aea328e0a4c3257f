import * as z from 'zod';
import { EnvironmentChoiceSchema, ExecutorSettingsSchema } from '../control/messages';

/**
 * What the editor tells an executor it starts: one JSON document on stdin, then the end of stdin, because
 * arguments and environments of a process can be read by others. The executor answers with one
 * `OwnedReady` line on stdout once it listens and its state file is written; if it cannot start it
 * exits with a status other than 0 and one line of reason on stderr.
 */
export const OwnedStartSchema = z.object({
  settings: ExecutorSettingsSchema,
  environment: EnvironmentChoiceSchema,
  /** Absolute path; its folder exists. */
  stateFile: z.string(),
  /** The agents' token to keep, so that a client's address survives a restart. Absent: a random one. */
  token: z.string().min(32).optional(),
  /** The port to try first. When it is taken another is used, and the kept token is replaced. */
  preferredPort: z.number().int().min(1).max(65_535).optional(),
  /** What an executor that crashed had running; it is ended, because nobody could see or stop it any more. */
  leftBehind: z
    .array(z.object({ pid: z.number().int().positive(), startedAtMs: z.number() }))
    .optional(),
});
export type OwnedStart = z.infer<typeof OwnedStartSchema>;

export const OwnedReadySchema = z.object({
  pid: z.number().int(),
  port: z.number().int(),
  /** The preferred port was taken by somebody else. */
  portChanged: z.boolean(),
});
export type OwnedReady = z.infer<typeof OwnedReadySchema>;
