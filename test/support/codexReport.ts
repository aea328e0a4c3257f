/** Reading what the client tells the model about a tool call. */
import { redact } from './codexRedaction';
import type { ToolOutput } from './scriptedModel';

/** The parts of a command's report to the model. */
export interface CommandReport {
  /** Present once the command has ended. */
  readonly exitCode?: number;
  /** Present while the command runs: the number that `write_stdin` wants. */
  readonly sessionId?: number;
  /** What the command printed. */
  readonly text: string;
}

/**
 * Takes the client's report of `exec_command`, `write_stdin` or `apply_patch` apart. A report that does not have
 * the usual head (a refusal, for example) comes back whole as `text`.
 */
export function parseCommandReport(output: string): CommandReport {
  const marker = /^Output:\n?/m.exec(output);
  if (marker === null) {
    return { text: output };
  }
  const head = output.slice(0, marker.index);
  const exitCode = /^(?:Process exited with code|Exit code:) (-?\d+)$/m.exec(head)?.[1];
  const sessionId = /^Process running with session ID (\d+)$/m.exec(head)?.[1];
  return {
    ...(exitCode === undefined ? {} : { exitCode: Number(exitCode) }),
    ...(sessionId === undefined ? {} : { sessionId: Number(sessionId) }),
    text: output.slice(marker.index + marker[0].length),
  };
}

/** The session number in a report; throws with the report when the command is not running. */
export function runningSession(output: ToolOutput): number {
  const { sessionId } = parseCommandReport(output.output);
  if (sessionId === undefined) {
    throw new Error(
      `Failed to find a running session in ${output.callId}: ${redact(output.output)}`,
    );
  }
  return sessionId;
}
