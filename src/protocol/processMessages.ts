import * as z from 'zod';
import { defaultLimits } from '../base/limits';
import {
  Base64Schema,
  CellCountSchema,
  PathTextSchema,
  ProcessIdSchema,
  UnsignedSchema,
  boundedText,
  optional,
} from './primitives';
import { SandboxSchema } from './sandboxMessages';

export const EnvPolicySchema = z.object({
  inherit: z.enum(['all', 'none', 'core']),
  ignoreDefaultExcludes: z.boolean(),
  exclude: z.array(z.string()),
  set: z.record(z.string(), z.string()),
  includeOnly: z.array(z.string()),
});
/** How a child's environment is made from the executor's; see `environment/local/childEnvironment.ts`. */
export type EnvPolicy = z.infer<typeof EnvPolicySchema>;

const MetadataSchema = z.object({
  threadId: optional(z.guid()),
  toolCallId: optional(z.string()),
});

const ShellSnapshotSchema = z.object({
  scopeId: z
    .string()
    .refine((text) => text !== '' && Buffer.byteLength(text) <= defaultLimits.maxIdBytes, {
      message: `shell snapshot scope must be non-empty and at most ${defaultLimits.maxIdBytes} bytes`,
    }),
  /** A name we do not know means no snapshot, not an error. */
  shell: z.object({ name: z.string(), path: z.string() }),
});

export const StartParamsSchema = z.object({
  processId: ProcessIdSchema,
  argv: z.array(z.string()).min(1, { message: 'argv must not be empty' }),
  cwd: PathTextSchema,
  env: z.record(z.string(), z.string()),
  tty: z.boolean(),
  rows: optional(CellCountSchema),
  cols: optional(CellCountSchema),
  pipeStdin: optional(z.boolean()),
  arg0: optional(z.string()),
  envPolicy: optional(EnvPolicySchema),
  metadata: optional(MetadataSchema),
  shellSnapshot: optional(ShellSnapshotSchema),
  sandbox: optional(SandboxSchema),
  /** The confined program may reach the network only through a proxy of the client's. */
  enforceManagedNetwork: optional(z.boolean()),
  /** Asks for that proxy. We run none, so it is refused, never ignored. */
  networkProxy: z.unknown().optional(),
});
export type StartParams = z.infer<typeof StartParamsSchema>;

export const SandboxTypeSchema = z.enum([
  'none',
  'linuxSeccomp',
  'macosSeatbelt',
  'windowsRestrictedToken',
]);
/** What confines a process. */
export type SandboxType = z.infer<typeof SandboxTypeSchema>;

export const StartResponseSchema = z.object({
  processId: z.string(),
  sandboxType: SandboxTypeSchema.optional(),
});
export type StartResponse = z.infer<typeof StartResponseSchema>;

export const OutputStreamSchema = z.enum(['stdout', 'stderr', 'pty']);
/** Where output came from; everything of a terminal process is `pty`. */
export type OutputStream = z.infer<typeof OutputStreamSchema>;

export const ReadParamsSchema = z.object({
  processId: ProcessIdSchema,
  afterSeq: optional(UnsignedSchema),
  maxBytes: optional(UnsignedSchema),
  waitMs: optional(UnsignedSchema),
});
export type ReadParams = z.infer<typeof ReadParamsSchema>;

export const ReadResponseSchema = z.object({
  chunks: z.array(
    z.object({ seq: UnsignedSchema, stream: OutputStreamSchema, chunk: Base64Schema }),
  ),
  nextSeq: UnsignedSchema,
  exited: z.boolean(),
  exitCode: z.number().int().nullable(),
  closed: z.boolean(),
  failure: z.string().nullable(),
  sandboxDenied: z.boolean().optional(),
});
export type ReadResponse = z.infer<typeof ReadResponseSchema>;

export const WriteParamsSchema = z.object({
  processId: ProcessIdSchema,
  chunk: Base64Schema,
  /** Releases before write ids existed send none; such a write is not protected against doubling. */
  writeId: optional(boundedText('writeId').min(1, { message: 'writeId must not be empty' })),
});
export type WriteParams = z.infer<typeof WriteParamsSchema>;

export const WriteStatusSchema = z.enum(['accepted', 'unknownProcess', 'stdinClosed', 'starting']);
/** The outcome of a write; none of these is an error. */
export type WriteStatus = z.infer<typeof WriteStatusSchema>;

export const WriteResponseSchema = z.object({ status: WriteStatusSchema });
export type WriteResponse = z.infer<typeof WriteResponseSchema>;

export const CloseStdinParamsSchema = z.object({ processId: ProcessIdSchema });
export type CloseStdinParams = z.infer<typeof CloseStdinParamsSchema>;

export const ResizeParamsSchema = z.object({
  processId: ProcessIdSchema,
  rows: CellCountSchema,
  cols: CellCountSchema,
});
export type ResizeParams = z.infer<typeof ResizeParamsSchema>;

export const ProcessSignalSchema = z.enum(['interrupt', 'terminate', 'kill', 'hangup', 'quit']);
/** The peer knows `interrupt` only; the others are ours. */
export type ProcessSignal = z.infer<typeof ProcessSignalSchema>;

export const SignalParamsSchema = z.object({
  processId: ProcessIdSchema,
  signal: ProcessSignalSchema,
});
export type SignalParams = z.infer<typeof SignalParamsSchema>;

export const TerminateParamsSchema = z.object({ processId: ProcessIdSchema });
export type TerminateParams = z.infer<typeof TerminateParamsSchema>;

export const TerminateResponseSchema = z.object({ running: z.boolean() });
export type TerminateResponse = z.infer<typeof TerminateResponseSchema>;

export const OutputNotificationSchema = z.object({
  processId: z.string(),
  seq: UnsignedSchema,
  stream: OutputStreamSchema,
  chunk: Base64Schema,
});
export type OutputNotification = z.infer<typeof OutputNotificationSchema>;

export const ExitedNotificationSchema = z.object({
  processId: z.string(),
  seq: UnsignedSchema,
  exitCode: z.number().int(),
  sandboxDenied: z.boolean().optional(),
});
export type ExitedNotification = z.infer<typeof ExitedNotificationSchema>;

export const ClosedNotificationSchema = z.object({ processId: z.string(), seq: UnsignedSchema });
export type ClosedNotification = z.infer<typeof ClosedNotificationSchema>;
