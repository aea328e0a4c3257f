import type { Environment } from '../../environment/environment';
import type { HandlersOf, requests } from '../../protocol/methods';
import type { CallContext } from '../callContext';
import type { DescriptionPatience } from '../environmentDescription';
import { describeIfKnown } from '../environmentDescription';
import type { SessionRegistry } from '../sessionRegistry';

/** Opens a session or takes one up again, and tells the client where it is. */
export function initializeHandlers(
  sessions: SessionRegistry,
  environment: () => Environment,
  patience: DescriptionPatience,
): Pick<HandlersOf<typeof requests, CallContext>, 'initialize'> {
  return {
    async initialize({ clientName, resumeSessionId, binaryOutput }, context) {
      // Before the session is attached, because its output may follow at once.
      const isBinary = binaryOutput === true && context.useBinaryOutput();
      // Asked for meanwhile: the client's deadline leaves no time to wait for both in turn.
      const place = environment();
      const described = describeIfKnown(place, patience);
      described.catch(() => undefined);
      const session =
        resumeSessionId == null
          ? sessions.create(clientName, context.attachment)
          : await sessions.resume(resumeSessionId, context.attachment);
      context.bind(session);
      // From here on changes are told; one that came while the session was looked for is in the answer.
      const environmentInfo = await (environment() === place
        ? described
        : describeIfKnown(environment(), patience));
      return {
        sessionId: session.id,
        ...(environmentInfo && { environmentInfo }),
        ...(isBinary && { binaryOutput: true }),
      };
    },
  };
}
