import { systemClock } from '../base/clock';
import { createLogger } from '../base/logger';
import type { LogLevel, Logger } from '../base/logger';
import { defaultLimits } from '../base/limits';
import { CloseCode } from '../rpc/closeCodes';
import { StdioTransport } from '../rpc/stdioTransport';
import { describeEndpoint } from '../environment/environmentChoice';
import type { HeadlessOptions } from './commandLine';
import type { ChosenEnvironment } from './environmentFlags';
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

/**
 * Starts the headless executor. On an address it prints the one for agents; on stdio it serves the client
 * there, and nothing else ever goes to stdout.
 *
 * @param shutDown called with an exit status when the client on stdio is gone.
 */
export async function serveHeadless(
  options: HeadlessOptions,
  logger: Logger,
  shutDown: (status: number) => void,
): Promise<Executor> {
  const { listen, lock, workspaceFolders, writeScope, allowedHosts, environment } = options;
  const executor = await Executor.create({
    lock,
    environment: environment.choice,
    secretFiles: options.secretFiles,
    script: __filename,
    limits: defaultLimits,
    logger,
    settings: {
      workspaceFolders: [...workspaceFolders],
      writeScope,
      execEnabled: options.execEnabled,
      filesystemEnabled: options.filesystemEnabled,
      allowedHosts: [...allowedHosts],
      detachedSessionTtlSeconds: options.detachedSessionTtlSeconds,
      // Has no meaning without an owner; the shape of the settings is one.
      ownerGraceSeconds: Number.MAX_SAFE_INTEGER,
    },
  });
  sayWhereCallsGo(environment, logger);
  if (listen === 'stdio') {
    await serveStdio(executor, logger, shutDown);
    return executor;
  }
  try {
    await executor.listen(listen);
    await executor.refuseItselfAsRemote();
  } catch (error) {
    await executor.close();
    throw error;
  }
  if (lock === undefined) {
    logger.warn('anyone on this machine can use this server, because it needs no token');
  }
  process.stdout.write(`${addressOf(executor)}\n`);
  return executor;
}

/** A flag was written for this start; a variable may be left over from another program. */
function sayWhereCallsGo({ choice, chosenBy }: ChosenEnvironment, logger: Logger): void {
  if (choice.mode === 'local') return;
  const facts =
    choice.mode === 'remote'
      ? { address: describeEndpoint(choice.remote.endpoint), chosenBy }
      : { chosenBy };
  const message =
    choice.mode === 'remote'
      ? 'calls of agents go to another exec-server'
      : 'every call of agents is refused, because there is no environment';
  if (chosenBy === '--environment') logger.info(message, facts);
  else logger.warn(message, facts);
}

/** With the token where there is one of ours; a token only its holder knows is theirs to add. */
function addressOf({ server: { url, token } }: Executor): string {
  return token === undefined ? url : `${url}?token=${encodeURIComponent(token.reveal())}`;
}

async function serveStdio(
  executor: Executor,
  logger: Logger,
  shutDown: (status: number) => void,
): Promise<void> {
  await executor.prepare();
  const transport = new StdioTransport({
    input: process.stdin,
    output: process.stdout,
    limits: defaultLimits,
    clock: systemClock,
  });
  executor.server.accept(transport);
  transport.onDidEnd(({ code, reason }) => {
    const isExpected = code === CloseCode.normal || code === CloseCode.goingAway;
    if (!isExpected) logger.error('the connection on stdio broke', { reason });
    shutDown(isExpected ? 0 : 1);
  });
}
