import type { ToolAnswer } from './agentTool';
import { textAnswer } from './agentTool';
import type { CommandReport } from './toolCommand';

/** A report in the words the Codex CLI uses towards its models, which know how to go on from there. */
export function commandAnswer(
  report: CommandReport,
  options: { readonly sessionNumber: number | undefined; readonly waitedMs: number },
): ToolAnswer {
  return textAnswer(
    [
      `Wall time: ${(options.waitedMs / 1000).toFixed(4)} seconds`,
      statusLine(report, options.sessionNumber),
      `Original token count: ${report.originalTokens}`,
      'Output:',
      report.text,
    ].join('\n'),
  );
}

function statusLine({ outcome }: CommandReport, sessionNumber: number | undefined): string {
  switch (outcome.kind) {
    case 'running':
      return `Process running with session ID ${sessionNumber ?? 'unknown'}`;
    case 'exited':
      return `Process exited with code ${outcome.exitCode}`;
    case 'failed':
      return `Process lost: ${outcome.reason}`;
  }
}
