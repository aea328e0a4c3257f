import type { LogOutputChannel } from 'vscode';
import { createLogger, redactSecrets } from '../base/logger';
import type { Logger } from '../base/logger';
import type { LogNotification } from '../control/messages';

/** A logger that writes to the extension's log in the Output view; the channel adds time and level. */
export function createOutputLogger(channel: LogOutputChannel): Logger {
  return createLogger((level, line) => {
    channel[level](line);
  });
}

/** The channel stamps a line when it arrives; a line later than this says when it was written. */
const LATE_LINE_MS = 2000;

/** Passes a line of the executor's log on, at its own level. */
export function passOnLogLine(
  channel: LogOutputChannel,
  { level, line, atMs }: LogNotification,
  nowMs: number,
): void {
  const isLate = atMs !== undefined && nowMs - atMs > LATE_LINE_MS;
  const when = isLate ? ` (written ${new Date(atMs).toISOString()})` : '';
  channel[level](`${redactSecrets(line)}${when}`);
}
