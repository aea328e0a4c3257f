import { onTestFinished } from 'vitest';
import type { Limits } from '../../src/base/limits';
import { defaultLimits } from '../../src/base/limits';
import type { LogLevel } from '../../src/base/logger';
import { createLogger } from '../../src/base/logger';
import { Executor } from '../../src/executor/executor';
import type { EnvironmentChoice } from '../../src/environment/environmentChoice';
import type { ExecutorSettings } from '../../src/control/messages';
import { AccessToken } from '../../src/server/accessToken';
import type { DoorLock } from '../../src/server/doorLock';
import { temporaryFolder } from './temporaryFolder';
import { executorSettings } from './executorSettings';

/** A running server of this process, with real sockets and real programs, gone when the test is. */
export interface ServerUnderTest {
  readonly executor: Executor;
  readonly port: number;
  /** Ready to connect, token included. */
  readonly url: string;
  readonly token: string;
  /** A folder of its own, real path, which is the workspace. */
  readonly workspace: string;
  readonly log: { level: LogLevel; line: string }[];
}

export interface ServerUnderTestOptions {
  readonly limits?: Partial<Limits>;
  /** Random unless a test looks for it everywhere. */
  readonly token?: AccessToken;
  /** What opens instead of the token. */
  readonly lock?: DoorLock;
  readonly settings?: Partial<ExecutorSettings>;
  readonly environment?: EnvironmentChoice;
}

export async function startServer(options: ServerUnderTestOptions = {}): Promise<ServerUnderTest> {
  const workspace = await temporaryFolder();
  const log: ServerUnderTest['log'] = [];
  const token = options.token ?? AccessToken.random();
  const executor = await Executor.create({
    lock: options.lock ?? token,
    environment: options.environment ?? { mode: 'local' },
    limits: { ...defaultLimits, ...options.limits },
    logger: createLogger((level, line) => log.push({ level, line })),
    settings: executorSettings([workspace], options.settings),
  });
  onTestFinished(() => executor.close());
  await executor.listen({ host: '127.0.0.1', port: 0 });
  const { port } = executor.server;
  return {
    executor,
    port,
    url: `ws://127.0.0.1:${port}/?token=${token.reveal()}`,
    token: token.reveal(),
    workspace,
    log,
  };
}

/** The sessions there are, detached ones included. */
export function sessionCount({ executor }: ServerUnderTest): number {
  return [...executor.server.sessions.all].length;
}
