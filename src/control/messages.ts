import * as z from 'zod';
import type { EnvironmentChoice } from '../environment/environmentChoice';
import {
  CellCountSchema,
  EmptyResponseSchema,
  UnsignedSchema,
  optional,
} from '../protocol/primitives';
import { ProcessSignalSchema } from '../protocol/processMessages';
import type { RequestSpec } from '../protocol/methods';

/**
 * The channel between the editor and its executor: `/control` on the executor's listener, opened with
 * the owner token. It uses the envelope of the agents' wire with methods of its own.
 *
 * A process is named by its `serial` here, a number the executor gives once, because the agents'
 * `processId` is unique in its session only and becomes free again.
 */

export const EnvironmentModeSchema = z.enum(['local', 'remote', 'disabled']);
/** Where agents' calls go: this machine, another exec-server, or nowhere. */
export type EnvironmentMode = z.infer<typeof EnvironmentModeSchema>;

const RemoteEndpointSchema = z.union([
  z.object({ url: z.string(), token: z.string().optional() }),
  z.object({
    program: z.string().min(1),
    args: z.array(z.string()).readonly().optional(),
    env: z.record(z.string(), z.string()).optional(),
    cwd: z.string().optional(),
  }),
]);

/** Where agents' calls shall go; see `EnvironmentChoice`. It may hold a token. */
export const EnvironmentChoiceSchema = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('local') }),
  z.object({ mode: z.literal('disabled') }),
  z.object({
    mode: z.literal('remote'),
    remote: z.object({ name: z.string().min(1), endpoint: RemoteEndpointSchema }),
  }),
]) satisfies z.ZodType<EnvironmentChoice>;

export const EnvironmentViewSchema = z.object({
  mode: EnvironmentModeSchema,
  /** With `remote` only: the user's name for it, and how it is reached, without a token. */
  remote: z.object({ name: z.string(), address: z.string() }).optional(),
  /** `ready` in every mode but `remote`, where calls wait in the two middle ones and fail in the last. */
  health: z.enum(['ready', 'connecting', 'recovering', 'unreachable']),
  /** Why it is not ready, for people. */
  reason: z.string().optional(),
  /** What agents may do there: what the mode offers and the user's settings allow. */
  capabilities: z.object({ exec: z.boolean(), filesystem: z.boolean() }),
  /** Where it is, once that is known: as the remote names it. */
  cwd: z.string().optional(),
});
/** The environment as the editor shows it. */
export type EnvironmentView = z.infer<typeof EnvironmentViewSchema>;

export const ListenerViewSchema = z.object({
  port: z.number().int(),
  /** The address agents use, without the token. */
  url: z.string(),
  /** The agents' secret. The editor keeps it out of logs, titles and errors. */
  token: z.string(),
  /** Agent connections, authenticated and open. */
  connections: z.number().int(),
});
export type ListenerView = z.infer<typeof ListenerViewSchema>;

export const SessionViewSchema = z.object({
  sessionId: z.string(),
  clientName: z.string(),
  /** `ended` sessions stay listed for as long as exits of theirs are remembered. */
  state: z.enum(['attached', 'detached', 'ended']),
  createdAtMs: z.number(),
  /** When a detached session expires. */
  expiresAtMs: z.number().optional(),
});
export type SessionView = z.infer<typeof SessionViewSchema>;

export const ProcessViewSchema = z.object({
  serial: UnsignedSchema,
  sessionId: z.string(),
  processId: z.string(),
  argv: z.array(z.string()),
  cwd: z.string(),
  pid: z.number().int().optional(),
  tty: z.boolean(),
  /** Whether input can reach the process at all (a terminal, or stdin kept open). */
  acceptsInput: z.boolean(),
  /** `closing`: the program exited, but something it started still holds its output. */
  state: z.enum(['running', 'closing', 'closed']),
  exitCode: z.number().int().optional(),
  /** It could not be started, or nobody can tell what became of it; then it is `closed`. */
  failure: z.string().optional(),
  /** The name of the remote it runs on; absent on this machine. */
  remote: z.string().optional(),
  /** Who ended it, when a person or the executor did. */
  endedBy: z.enum(['user', 'agent', 'sessionExpired', 'shutdown']).optional(),
  inputHolder: z.enum(['agent', 'user']),
  startedAtMs: z.number(),
  exitedAtMs: z.number().optional(),
  lastOutputAtMs: z.number().optional(),
  outputBytes: UnsignedSchema,
});
export type ProcessView = z.infer<typeof ProcessViewSchema>;

export const SnapshotSchema = z.object({
  executor: z.object({
    /** Random per start; tells a restarted executor from the same one. */
    instanceId: z.string(),
    pid: z.number().int(),
    version: z.string(),
    startedAtMs: z.number(),
  }),
  listener: ListenerViewSchema,
  environment: EnvironmentViewSchema,
  sessions: z.array(SessionViewSchema),
  processes: z.array(ProcessViewSchema),
});
/** Everything the editor shows, at one moment. */
export type Snapshot = z.infer<typeof SnapshotSchema>;

export const ChangedNotificationSchema = z.object({
  listener: ListenerViewSchema.optional(),
  environment: EnvironmentViewSchema.optional(),
  /** Added or changed, whole. */
  sessions: z.array(SessionViewSchema).optional(),
  removedSessions: z.array(z.string()).optional(),
  processes: z.array(ProcessViewSchema).optional(),
  removedProcesses: z.array(UnsignedSchema).optional(),
});
export type ChangedNotification = z.infer<typeof ChangedNotificationSchema>;

export const NoticeNotificationSchema = z.object({
  /** `authFailures`: several wrong tokens in a short time. */
  code: z.enum(['authFailures']),
  message: z.string(),
});
export type NoticeNotification = z.infer<typeof NoticeNotificationSchema>;

export const LogNotificationSchema = z.object({
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error']),
  line: z.string(),
  /** When it was written, which for lines from before the window connected is not when they arrive. */
  atMs: z.number().optional(),
});
/** One line of the executor's log, redacted. The newest ones from before `control/initialize` come first. */
export type LogNotification = z.infer<typeof LogNotificationSchema>;

export const OpenViewParamsSchema = z.object({
  serial: UnsignedSchema,
  /** Chosen by the editor, unique on its connection. */
  viewId: UnsignedSchema,
});
export const OpenViewResponseSchema = z.object({ process: ProcessViewSchema });

/**
 * Output for one view: first what is retained, then live. `droppedBytes` stands for output before
 * `dataBase64` that this view missed, because it is no longer kept.
 */
export const ViewOutputNotificationSchema = z.object({
  viewId: UnsignedSchema,
  droppedBytes: UnsignedSchema.optional(),
  dataBase64: z.string(),
});
export type ViewOutputNotification = z.infer<typeof ViewOutputNotificationSchema>;

/** All output of a closed process has been sent to the view. */
export const ViewEndedNotificationSchema = z.object({
  viewId: UnsignedSchema,
  exitCode: z.number().int().optional(),
});
export type ViewEndedNotification = z.infer<typeof ViewEndedNotificationSchema>;

/** Bytes of `dataBase64` (decoded) the view has shown; opens its window again. */
export const AcknowledgeViewParamsSchema = z.object({
  viewId: UnsignedSchema,
  bytes: UnsignedSchema,
});
export const CloseViewParamsSchema = z.object({ viewId: UnsignedSchema });

const onOneProcess = { serial: UnsignedSchema };

/** What the editor may tell a running executor to change. */
export const ExecutorSettingsSchema = z.object({
  workspaceFolders: z.array(z.string()).min(1),
  writeScope: z.enum(['workspace', 'unrestricted']),
  /** What agents may do at all, whatever the environment. */
  execEnabled: z.boolean(),
  filesystemEnabled: z.boolean(),
  /** Host names, besides loopback, that a `Host` header may carry. */
  allowedHosts: z.array(z.string()),
  detachedSessionTtlSeconds: z.number().positive(),
  ownerGraceSeconds: z.number().positive(),
});
export type ExecutorSettings = z.infer<typeof ExecutorSettingsSchema>;

interface ControlRequestSpec<P extends z.ZodType, R extends z.ZodType> {
  readonly family: 'control';
  /** Processes that end slowly or do not read their input must not hold up what is asked next. */
  readonly turn: 'mayWait';
  readonly params: P;
  readonly result: R;
}

const request = <P extends z.ZodType, R extends z.ZodType>(
  params: P,
  result: R,
): ControlRequestSpec<P, R> => ({ family: 'control', turn: 'mayWait', params, result });

/** Requests of the editor. */
export const controlRequests = {
  'control/initialize': request(z.object({ clientName: z.string() }), SnapshotSchema),
  'settings/update': request(ExecutorSettingsSchema, EmptyResponseSchema),
  'environment/set': request(
    z.object({
      choice: EnvironmentChoiceSchema,
      /** What happens to the processes that run where the environment was until now. */
      runningProcesses: z.enum(['keep', 'terminate']),
    }),
    EmptyResponseSchema,
  ),
  /** Tries at once to reach the remote again; answers with how it stands after that. */
  'environment/reconnect': request(z.object({}), EnvironmentViewSchema),
  'token/rotate': request(z.object({}), ListenerViewSchema),
  'session/end': request(z.object({ sessionId: z.string() }), EmptyResponseSchema),
  'view/open': request(OpenViewParamsSchema, OpenViewResponseSchema),
  'view/close': request(CloseViewParamsSchema, EmptyResponseSchema),
  'input/takeOver': request(z.object(onOneProcess), EmptyResponseSchema),
  'input/handBack': request(z.object(onOneProcess), EmptyResponseSchema),
  /** Refused unless the user holds the keyboard of the process. */
  'input/write': request(
    z.object({ ...onOneProcess, dataBase64: z.string() }),
    z.object({ status: z.enum(['accepted', 'ended', 'notHeld']) }),
  ),
  'process/resize': request(
    z.object({ ...onOneProcess, rows: CellCountSchema, cols: CellCountSchema }),
    EmptyResponseSchema,
  ),
  'process/signal': request(
    z.object({ ...onOneProcess, signal: ProcessSignalSchema }),
    EmptyResponseSchema,
  ),
  'process/terminate': request(z.object(onOneProcess), z.object({ running: z.boolean() })),
  /** Whether programs of agents can be confined, where they run now. Asked when it matters, because finding out runs programs. */
  'sandbox/check': request(z.object({}), z.object({ isAvailable: z.boolean() })),
  'history/clear': request(z.object({}), EmptyResponseSchema),
  'executor/shutDown': request(z.object({ reason: optional(z.string()) }), EmptyResponseSchema),
} as const satisfies Record<string, RequestSpec>;

/** Notifications of the editor. */
export const controlClientNotifications = {
  'view/acknowledge': AcknowledgeViewParamsSchema,
} as const;

/** Notifications of the executor. */
export const controlNotifications = {
  'control/changed': ChangedNotificationSchema,
  'control/notice': NoticeNotificationSchema,
  'control/log': LogNotificationSchema,
  'view/output': ViewOutputNotificationSchema,
  'view/ended': ViewEndedNotificationSchema,
} as const;
