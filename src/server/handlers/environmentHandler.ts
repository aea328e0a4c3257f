import type { Environment } from '../../environment/environment';
import type { EnvironmentStatusResponse } from '../../protocol/environmentMessages';
import { capabilityDisabled } from '../../protocol/errorCodes';
import type { HandlersOf, requests } from '../../protocol/methods';
import type { DescriptionPatience } from '../environmentDescription';
import { describeEnvironment, factsOf } from '../environmentDescription';

type EnvironmentHandlers = Pick<
  HandlersOf<typeof requests, unknown>,
  'environment/info' | 'environment/status'
>;

/** Adapts `environment/*` to whatever environment is current when the call arrives. */
export function environmentHandlers(
  environment: () => Environment,
  patience: DescriptionPatience,
): EnvironmentHandlers {
  return {
    'environment/info': () => describeEnvironment(environment(), patience),

    'environment/status'() {
      const place = environment();
      if (place.kind === 'disabled') throw capabilityDisabled('the environment', 'mode');
      // Clients ask often, and this machine is always there.
      return place.kind === 'local' ? { status: 'ready' } : statusOnceReached(place, patience);
    },
  };
}

async function statusOnceReached(
  place: Environment,
  patience: DescriptionPatience,
): Promise<EnvironmentStatusResponse> {
  // Whoever can tell about the place can reach it.
  await factsOf(place, patience);
  return { status: 'ready' };
}
