import { createLogger } from '../base/logger';
import type { LogLevel, Logger } from '../base/logger';
import { defaultLimits } from '../base/limits';
import type { HeadlessOptions } from './commandLine';
import { Executor } from './executor';

const severity: Readonly<Record<LogLevel, number>> = {
  trace: 0,
  debug: 1,
  info: 2,
  warn: 3,
  error: 4,
};

/** A logger to stderr, for people and for whoever collects it. */
export function stderrLogger(level: LogLevel): Logger {
  return createLogger((lineLevel, line) => {
    if (severity[lineLevel] < severity[level]) return;
    process.stderr.write(`${new Date().toISOString()} ${lineLevel} ${line}\n`);
  });
}

/** Starts the headless executor and prints the address for agents. */
export async function serveHeadless(options: HeadlessOptions, logger: Logger): Promise<Executor> {
  const { listen, token, workspaceFolders, writeScope, allowedHosts } = options;
  const executor = new Executor({
    listen,
    token,
    mode: 'local',
    limits: defaultLimits,
    logger,
    settings: {
      workspaceFolders: [...workspaceFolders],
      writeScope,
      allowedHosts: [...allowedHosts],
      detachedSessionTtlSeconds: options.detachedSessionTtlSeconds,
      // Has no meaning without an owner; the shape of the settings is one.
      ownerGraceSeconds: Number.MAX_SAFE_INTEGER,
    },
  });
  await executor.listen();
  const { url } = executor.server;
  if (token === undefined) {
    logger.warn('anyone on this machine can use this server, because it needs no token');
  }
  const query = token === undefined ? '' : `?token=${encodeURIComponent(token.reveal())}`;
  process.stdout.write(`${url}${query}\n`);
  return executor;
}
