import type { Environment } from '../../environment/environment';
import type { HandlersOf, requests } from '../../protocol/methods';
import type { CallContext } from '../callContext';
import type { SessionRegistry } from '../sessionRegistry';
import { describeEnvironment } from './environmentHandler';

/** Opens a session or takes one up again, and tells the client where it is. */
export function initializeHandlers(
  sessions: SessionRegistry,
  environment: () => Environment,
): Pick<HandlersOf<typeof requests, CallContext>, 'initialize'> {
  return {
    async initialize({ clientName, resumeSessionId, binaryOutput }, context) {
      // Before the session is attached, because its output may follow at once.
      const isBinary = binaryOutput === true && context.useBinaryOutput();
      const session =
        resumeSessionId == null
          ? sessions.create(clientName, context.attachment)
          : await sessions.resume(resumeSessionId, context.attachment);
      context.bind(session);
      return {
        sessionId: session.id,
        environmentInfo: describeEnvironment(environment()),
        ...(isBinary && { binaryOutput: true }),
      };
    },
  };
}
