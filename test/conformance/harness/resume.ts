import type { Agent } from './agent';
import type { OpenAgent, Stage } from './conformance';

/** Cuts a connection and takes its session over; a server may notice the loss a moment later. */
export async function resume(
  stage: Stage,
  lost: Pick<OpenAgent, 'wire' | 'sessionId'>,
): Promise<Agent> {
  lost.wire.cut();
  for (;;) {
    const agent = await stage.connect();
    const params = { clientName: 'resumer', resumeSessionId: lost.sessionId };
    const reply = await agent.call('initialize', params);
    if ('result' in reply) {
      agent.sees((reply.result as { sessionId: string }).sessionId, lost.sessionId);
      return agent;
    }
    if (reply.error.code !== -32010) throw new Error(reply.error.message);
    agent.wire.cut();
  }
}
