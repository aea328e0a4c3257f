import type { OpenMode } from '../../../protocol/fileHandleMessages';
import type { WalkOptions } from '../../../protocol/walkMessages';
import * as z from 'zod';
import { toError } from '../../../base/errors';
import { errnoCodeOf } from '../../../base/errors';
import { ErrorCode, RpcError, invalidRequest, systemErrorText } from '../../../protocol/errorCodes';
import type { PlaceAccess } from '../sandbox/confinedView';
import { systemError } from '../systemError';
import type { ResolvedWriteScope } from '../writeScope';

/** The first message to a helper: the rules it keeps besides those that the kernel keeps around it. */
export interface HelperStart {
  readonly places: readonly PlaceAccess[];
  readonly writeScope: ResolvedWriteScope;
}

interface OnPath {
  readonly path: string;
  readonly followSymlinks: boolean;
}

/** What a helper is asked to do; contents travel in the body of the frame. */
export type HelperOperation =
  | ({ readonly call: 'getMetadata' | 'readFile' | 'writeFile' } & OnPath)
  | ({ readonly call: 'createDirectory'; readonly recursive: boolean } & OnPath)
  | ({ readonly call: 'remove'; readonly recursive: boolean; readonly force: boolean } & OnPath)
  | { readonly call: 'readDirectory' | 'canonicalize'; readonly path: string }
  | {
      readonly call: 'copy';
      readonly source: string;
      readonly destination: string;
      readonly recursive: boolean;
    }
  | { readonly call: 'walk'; readonly path: string; readonly options: WalkOptions }
  | { readonly call: 'open'; readonly path: string; readonly mode: OpenMode }
  | {
      readonly call: 'readBlock';
      readonly file: number;
      readonly offset: number;
      readonly length: number;
    }
  | { readonly call: 'writeBlock'; readonly file: number; readonly offset: number }
  | { readonly call: 'close'; readonly file: number }
  | {
      readonly call: 'watchMissing';
      readonly watch: number;
      readonly missing: readonly string[];
      readonly present: string | undefined;
    }
  | { readonly call: 'unwatch'; readonly watch: number };

export interface HelperRequest {
  readonly id: number;
  readonly operation: HelperOperation;
}

const FailureSchema = z.object({
  /** A system error's code, such as `ENOENT`. */
  errno: z.string().optional(),
  /** The number of an error that crosses the wire as it is. */
  rpcCode: z.number().optional(),
  message: z.string(),
});

/** What a helper says: the outcome of a request, that it is ready, or that a watched path has changed. */
export const HelperMessageSchema = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ changed: z.number() }),
  z.object({ id: z.number(), failure: FailureSchema }),
  z.object({ id: z.number(), value: z.unknown().optional() }),
]);
export type HelperMessage = z.infer<typeof HelperMessageSchema>;

/** A failure in the helper, as it travels. */
export function describeFailure(thrown: unknown): z.infer<typeof FailureSchema> {
  const { message } = toError(thrown);
  if (thrown instanceof RpcError) return { rpcCode: thrown.code, message };
  const errno = errnoCodeOf(thrown);
  return errno === undefined ? { message } : { errno, message };
}

/** The same failure here, as the file system without a helper would have thrown it. */
export function restoreFailure({ errno, rpcCode, message }: z.infer<typeof FailureSchema>): Error {
  if (rpcCode !== undefined) return new RpcError(rpcCode, message);
  // The measured peer has another number for it in a sandbox than outside.
  if (errno === 'EACCES') return invalidRequest(systemErrorText(errno));
  if (errno !== undefined) return systemError(errno, message);
  return new RpcError(ErrorCode.internal, 'a file operation failed in its sandbox');
}
