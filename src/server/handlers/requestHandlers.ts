import type { Clock } from '../../base/clock';
import type { Limits } from '../../base/limits';
import type { Capability, Environment } from '../../environment/environment';
import type { EnvironmentSource } from '../../environment/environmentSource';
import { refusalOf } from '../../environment/limitedEnvironment';
import type { HandlersOf, MethodFamily, RequestSpec } from '../../protocol/methods';
import { requests } from '../../protocol/methods';
import { Router } from '../../rpc/router';
import type { CallContext } from '../callContext';
import { refuseBeforeHandshake } from '../handshakeGate';
import type { SessionRegistry } from '../sessionRegistry';
import { discoveryHandlers } from './discoveryHandler';
import { environmentConfigHandlers } from './environmentConfigHandler';
import { environmentHandlers } from './environmentHandler';
import { fileHandleHandlers } from './fileHandleHandler';
import { fileSystemHandlers } from './fileSystemHandler';
import { httpHandlers } from './httpHandler';
import { initializeHandlers } from './initializeHandler';
import { missingWatchHandlers } from './missingWatchHandler';
import { processHandlers } from './processHandler';

/** The capability a family of methods needs; the others answer in every mode. */
const capabilityOf: Readonly<Record<MethodFamily, Capability | undefined>> = {
  initialize: undefined,
  exec: 'exec',
  filesystem: 'filesystem',
  'environment info': undefined,
  'environment status': undefined,
  http: 'exec',
  'environment config': 'filesystem',
  'capability discovery': 'filesystem',
};

export interface RequestHandlerOptions {
  readonly sessions: SessionRegistry;
  /** Asked at every call, so that a change reaches the very next one. */
  readonly environments: EnvironmentSource;
  readonly clock: Clock;
  readonly limits: Limits;
}

/** The complete handler table of the agents' wire, behind its gates. */
export function createAgentRouter(
  options: RequestHandlerOptions,
): Router<typeof requests, CallContext> {
  const { sessions, environments, limits } = options;
  const environment = (): Environment => environments.current;
  const handlers: HandlersOf<typeof requests, CallContext> = {
    ...initializeHandlers(sessions, environment, options),
    ...environmentHandlers(environment, options),
    ...processHandlers(environment, limits),
    ...fileSystemHandlers(environment, limits),
    ...fileHandleHandlers(environment, limits),
    ...missingWatchHandlers(environment),
    ...httpHandlers(environment),
    ...environmentConfigHandlers(environment),
    ...discoveryHandlers(environment, limits),
  };
  return new Router(requests, handlers, (spec, context) => {
    refuseBeforeHandshake(spec, context);
    refuseDisabled(spec, environment());
  });
}

function refuseDisabled(spec: RequestSpec, environment: Environment): void {
  const capability = capabilityOf[spec.family as MethodFamily];
  if (capability !== undefined && !environment.capabilities[capability]) {
    throw refusalOf(environment, capability);
  }
}
