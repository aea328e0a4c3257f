import type { LogOutputChannel } from 'vscode';
import { describe, expect, it } from 'vitest';
import { createOutputLogger, passOnLogLine } from '../../../src/extension/outputLogger';
import { TOKEN } from './fakeControlClient';

function channelOf(lines: string[]): LogOutputChannel {
  const at = (level: string) => (line: string) => lines.push(`${level} ${line}`);
  const channel: Partial<LogOutputChannel> = {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
  return channel as LogOutputChannel;
}

describe('the log in the Output view', () => {
  it('gets each line at its level, without tokens and forged lines', () => {
    const lines: string[] = [];
    const logger = createOutputLogger(channelOf(lines));
    logger.info('connected', { url: `ws://127.0.0.1:1/?token=${TOKEN}` });
    logger.child('session 1a2b').warn('bad\nname', { header: `Bearer ${TOKEN}` });
    expect(lines).toEqual([
      'info connected url="ws://127.0.0.1:1/?token=***"',
      'warn [session 1a2b] bad name header="Bearer ***"',
    ]);
  });

  it('says when a line of the executor was written, if that was earlier', () => {
    const lines: string[] = [];
    const channel = channelOf(lines);
    passOnLogLine(channel, { level: 'info', line: 'now', atMs: 9_000 }, 10_000);
    passOnLogLine(channel, { level: 'error', line: `?token=${TOKEN}`, atMs: 0 }, 10_000);
    expect(lines).toEqual(['info now', 'error ?token=*** (written 1970-01-01T00:00:00.000Z)']);
  });
});
