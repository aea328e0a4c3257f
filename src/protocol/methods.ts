import type * as z from 'zod';
import type { EncodedResult } from './encodedResult';
import * as discovery from './discoveryMessages';
import { ReadConfigParamsSchema, ReadConfigResponseSchema } from './environmentConfigMessages';
import {
  EnvironmentChangedNotificationSchema,
  EnvironmentInfoSchema,
  EnvironmentStatusSchema,
} from './environmentMessages';
import * as fileHandles from './fileHandleMessages';
import * as fileSystem from './fileSystemMessages';
import * as http from './httpMessages';
import { InitializeParamsSchema, InitializeResponseSchema } from './initializeMessages';
import { EmptyResponseSchema, NoParamsSchema } from './primitives';
import * as processes from './processMessages';
import * as walk from './walkMessages';
import * as watch from './watchMessages';

/** Groups of methods as the handshake gate names them in its refusals. */
export type MethodFamily =
  | 'initialize'
  | 'exec'
  | 'filesystem'
  | 'environment info'
  | 'environment status'
  | 'environment config'
  | 'http'
  | 'capability discovery';

/**
 * How a request takes its turn. `inOrder`: the next request of the connection starts when this one is
 * answered. `mayWait`: the handler takes effect in the moment it is called and may then wait for
 * something else to happen, so the next request starts at once.
 */
export type Turn = 'inOrder' | 'mayWait';

/** One row of a method table. */
export interface RequestSpec {
  readonly family: string;
  readonly turn: Turn;
  readonly params: z.ZodType;
  readonly result: z.ZodType;
}

/** Every request a client may send. Handler and client types follow from this table. */
export const requests = {
  initialize: {
    family: 'initialize',
    turn: 'inOrder',
    params: InitializeParamsSchema,
    result: InitializeResponseSchema,
  },
  'environment/info': {
    family: 'environment info',
    turn: 'inOrder',
    params: NoParamsSchema,
    result: EnvironmentInfoSchema,
  },
  'environment/status': {
    family: 'environment status',
    turn: 'inOrder',
    params: NoParamsSchema,
    result: EnvironmentStatusSchema,
  },
  'process/start': {
    family: 'exec',
    turn: 'inOrder',
    params: processes.StartParamsSchema,
    result: processes.StartResponseSchema,
  },
  'process/read': {
    family: 'exec',
    turn: 'mayWait',
    params: processes.ReadParamsSchema,
    result: processes.ReadResponseSchema,
  },
  'process/write': {
    family: 'exec',
    turn: 'mayWait',
    params: processes.WriteParamsSchema,
    result: processes.WriteResponseSchema,
  },
  'process/closeStdin': {
    family: 'exec',
    turn: 'mayWait',
    params: processes.CloseStdinParamsSchema,
    result: processes.WriteResponseSchema,
  },
  'process/resize': {
    family: 'exec',
    turn: 'inOrder',
    params: processes.ResizeParamsSchema,
    result: EmptyResponseSchema,
  },
  'process/signal': {
    family: 'exec',
    turn: 'inOrder',
    params: processes.SignalParamsSchema,
    result: EmptyResponseSchema,
  },
  'process/terminate': {
    family: 'exec',
    turn: 'inOrder',
    params: processes.TerminateParamsSchema,
    result: processes.TerminateResponseSchema,
  },
  'fs/getMetadata': {
    family: 'filesystem',
    turn: 'inOrder',
    params: fileSystem.GetMetadataParamsSchema,
    result: fileSystem.GetMetadataResponseSchema,
  },
  'fs/readFile': {
    family: 'filesystem',
    turn: 'inOrder',
    params: fileSystem.ReadFileParamsSchema,
    result: fileSystem.ReadFileResponseSchema,
  },
  'fs/writeFile': {
    family: 'filesystem',
    turn: 'inOrder',
    params: fileSystem.WriteFileParamsSchema,
    result: EmptyResponseSchema,
  },
  'fs/createDirectory': {
    family: 'filesystem',
    turn: 'inOrder',
    params: fileSystem.CreateDirectoryParamsSchema,
    result: EmptyResponseSchema,
  },
  'fs/readDirectory': {
    family: 'filesystem',
    turn: 'inOrder',
    params: fileSystem.ReadDirectoryParamsSchema,
    result: fileSystem.ReadDirectoryResponseSchema,
  },
  'fs/canonicalize': {
    family: 'filesystem',
    turn: 'inOrder',
    params: fileSystem.CanonicalizeParamsSchema,
    result: fileSystem.CanonicalizeResponseSchema,
  },
  'fs/remove': {
    family: 'filesystem',
    turn: 'inOrder',
    params: fileSystem.RemoveParamsSchema,
    result: EmptyResponseSchema,
  },
  'fs/copy': {
    family: 'filesystem',
    turn: 'inOrder',
    params: fileSystem.CopyParamsSchema,
    result: EmptyResponseSchema,
  },
  'fs/walk': {
    family: 'filesystem',
    turn: 'inOrder',
    params: walk.WalkParamsSchema,
    result: walk.WalkResponseSchema,
  },
  'fs/open': {
    family: 'filesystem',
    turn: 'inOrder',
    params: fileHandles.OpenParamsSchema,
    result: fileHandles.OpenResponseSchema,
  },
  'fs/readBlock': {
    family: 'filesystem',
    turn: 'inOrder',
    params: fileHandles.ReadBlockParamsSchema,
    result: fileHandles.ReadBlockResponseSchema,
  },
  'fs/writeBlock': {
    family: 'filesystem',
    turn: 'inOrder',
    params: fileHandles.WriteBlockParamsSchema,
    result: EmptyResponseSchema,
  },
  'fs/close': {
    family: 'filesystem',
    turn: 'inOrder',
    params: fileHandles.CloseParamsSchema,
    result: EmptyResponseSchema,
  },
  'fs/watchMissing': {
    family: 'filesystem',
    turn: 'inOrder',
    params: watch.WatchMissingParamsSchema,
    result: watch.WatchMissingResponseSchema,
  },
  'http/request': {
    family: 'http',
    turn: 'mayWait',
    params: http.HttpRequestParamsSchema,
    result: http.HttpRequestResponseSchema,
  },
  'environmentConfig/read': {
    family: 'environment config',
    turn: 'inOrder',
    params: ReadConfigParamsSchema,
    result: ReadConfigResponseSchema,
  },
  'capabilities/discoverV2': {
    family: 'capability discovery',
    turn: 'inOrder',
    params: discovery.DiscoverParamsSchema,
    result: discovery.DiscoverResponseSchema,
  },
  'capabilityRoots/discoverV1': {
    family: 'capability discovery',
    turn: 'inOrder',
    params: discovery.DiscoverRootsParamsSchema,
    result: discovery.DiscoverRootsResponseSchema,
  },
} as const satisfies Record<string, RequestSpec & { family: MethodFamily }>;

/** Every notification the server may send. */
export const notifications = {
  'process/output': processes.OutputNotificationSchema,
  'process/exited': processes.ExitedNotificationSchema,
  'process/closed': processes.ClosedNotificationSchema,
  'fs/missingChanged': watch.MissingChangedNotificationSchema,
  'http/request/bodyDelta': http.BodyDeltaNotificationSchema,
  'environment/changed': EnvironmentChangedNotificationSchema,
} as const satisfies Record<string, z.ZodType>;

/** A table of requests, this one or the control channel's. */
export type RequestTable = Readonly<Record<string, RequestSpec>>;

export type MethodOf<T extends RequestTable> = Extract<keyof T, string>;
/** Parameters as a handler receives them, parsed. */
export type ParamsOf<T extends RequestTable, M extends MethodOf<T>> = z.output<T[M]['params']>;
/** Parameters as a caller may write them. */
export type CallParamsOf<T extends RequestTable, M extends MethodOf<T>> = z.input<T[M]['params']>;
export type ResultOf<T extends RequestTable, M extends MethodOf<T>> = z.output<T[M]['result']>;

/** One handler a method: a missing one does not compile. */
export type HandlersOf<T extends RequestTable, Context> = {
  readonly [M in MethodOf<T>]: (
    params: ParamsOf<T, M>,
    context: Context,
  ) => Answer<ResultOf<T, M>> | Promise<Answer<ResultOf<T, M>>>;
};

/** A handler's result, or its JSON text already made. */
export type Answer<R> = R | EncodedResult;

export type RequestMethod = MethodOf<typeof requests>;
export type NotificationMethod = Extract<keyof typeof notifications, string>;
