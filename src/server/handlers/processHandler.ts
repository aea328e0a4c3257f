import type { Limits } from '../../base/limits';
import type { Environment } from '../../environment/environment';
import type { StartRequest, TerminalSize } from '../../environment/processBackend';
import type { Sandbox } from '../../environment/sandbox';
import { requireBase64 } from '../../protocol/base64';
import type { HandlersOf, requests } from '../../protocol/methods';
import { ErrorCode, RpcError, invalidParams, invalidRequest } from '../../protocol/errorCodes';
import type { PathStyle } from '../../protocol/pathStyle';
import { parsePathText } from '../../protocol/pathText';
import type { StartParams } from '../../protocol/processMessages';
import type { CallContext } from '../callContext';
import { requestedSandbox } from './requestedSandbox';

type ProcessHandlers = Pick<
  HandlersOf<typeof requests, CallContext>,
  | 'process/start'
  | 'process/read'
  | 'process/write'
  | 'process/closeStdin'
  | 'process/resize'
  | 'process/signal'
  | 'process/terminate'
>;

/** The terminal the measured peer gives every tty process, and ours where a caller names no size. */
const DEFAULT_TERMINAL: TerminalSize = { rows: 24, cols: 80 };

/** Adapts `process/*` to the session and the environment that is current when the call arrives. */
export function processHandlers(environment: () => Environment, limits: Limits): ProcessHandlers {
  return {
    async 'process/start'(params, { session }) {
      const { processId } = params;
      const { pathStyle, processes } = environment();
      const request = startRequestOf(params, pathStyle);
      const { process } = await session.start(processId, request, processes);
      return { processId, sandboxType: process.sandboxType ?? 'none' };
    },

    'process/read'({ processId, afterSeq, maxBytes, waitMs }, { session }) {
      return session.read(processId, {
        afterSeq: afterSeq ?? 0,
        maxBytes: maxBytes ?? undefined,
        waitMs: Math.min(waitMs ?? 0, limits.maxReadWaitMs),
      });
    },

    async 'process/write'({ processId, chunk, writeId }, { session }) {
      const bytes = requireBase64(chunk, 'chunk');
      const process = session.findProcess(processId);
      if (process === undefined) return { status: 'unknownProcess' };
      if (process === 'starting') return { status: 'starting' };
      return { status: await process.writeAsAgent(bytes, writeId ?? undefined) };
    },

    async 'process/closeStdin'({ processId }, { session }) {
      const process = session.findProcess(processId);
      if (process === undefined) return { status: 'unknownProcess' };
      if (process === 'starting') return { status: 'starting' };
      return { status: await process.closeStdinAsAgent() };
    },

    'process/resize'({ processId, rows, cols }, { session }) {
      session.process(processId).process.resize({ rows, cols });
      return {};
    },

    'process/signal'({ processId, signal }, { session }) {
      const process = session.findProcess(processId);
      if (typeof process === 'object') process.process.signal(signal);
      return {};
    },

    'process/terminate'({ processId }, { session }) {
      const process = session.findProcess(processId);
      return typeof process === 'object' ? process.terminate('agent') : { running: false };
    },
  };
}

function startRequestOf(params: StartParams, style: PathStyle): StartRequest {
  const [program, ...args] = params.argv;
  return {
    // The schema has refused an empty argv.
    argv: [program ?? '', ...args],
    cwd: workingDirectoryOf(params.cwd, style),
    env: params.env,
    envPolicy: params.envPolicy ?? undefined,
    terminal: params.tty
      ? {
          rows: params.rows ?? DEFAULT_TERMINAL.rows,
          cols: params.cols ?? DEFAULT_TERMINAL.cols,
        }
      : undefined,
    pipeStdin: params.pipeStdin ?? false,
    arg0: params.arg0 ?? undefined,
    shellSnapshot: params.shellSnapshot ?? undefined,
    sandbox: sandboxOf(params, style),
  };
}

function sandboxOf(params: StartParams, style: PathStyle): Sandbox | undefined {
  if (params.networkProxy != null) {
    throw invalidRequest('this exec-server runs no network proxy; start without `networkProxy`');
  }
  const sandbox = requestedSandbox(params.sandbox, style);
  // Without the proxy that was to be the only way out there is none.
  return sandbox !== undefined && params.enforceManagedNetwork === true
    ? { ...sandbox, network: 'restricted' }
    : sandbox;
}

/** A URI that names no place there is a wrong parameter of this method, but not of `fs/*`: as the measured peer has it. */
function workingDirectoryOf(cwd: string, style: PathStyle): string {
  try {
    return parsePathText(cwd, style).path;
  } catch (error) {
    if (!(error instanceof RpcError) || error.code !== ErrorCode.invalidRequest) throw error;
    throw invalidParams(
      `cwd URI \`${cwd}\` is not valid on this exec-server host: ${error.message}`,
    );
  }
}
