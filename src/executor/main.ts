import { defaultLimits } from '../base/limits';
import { ExecServerError, toError } from '../base/errors';
import { redactSecrets } from '../base/logger';
import { FILE_HELPER_ARGUMENT } from '../environment/local/fileHelper/helperArgument';
import { parseCommandLine } from './commandLine';
import { OWNED_ARGUMENT } from './ownedArgument';
import { executorVersion } from './version';

/** Exit statuses: 1 for a failure, 2 for arguments that make no sense. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** What runs once the start has succeeded. */
interface Served {
  prepare(): Promise<void>;
  close(): Promise<void>;
  dispose(): void;
}

let served: Served | undefined;
let stopping = false;

/** Ends everything of ours within the time a supervisor gives, then the process. */
async function stop(status: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  const deadline = setTimeout(() => {
    served?.dispose();
    process.exit(status);
  }, defaultLimits.shutdownMs);
  try {
    await served?.close();
  } catch (error) {
    report(error);
  }
  clearTimeout(deadline);
  process.exit(status);
}

function report(error: unknown): void {
  process.stderr.write(`exec-server: ${redactSecrets(toError(error).message)}\n`);
}

/** Each way to start loads what it needs, so that a helper or `--help` does not load a server. */
async function main(): Promise<Served | undefined> {
  const args = process.argv.slice(2);
  if (args[0] === FILE_HELPER_ARGUMENT) {
    const { serveFileHelper } = await import('../environment/local/fileHelper/fileHelper');
    await serveFileHelper(process.stdin, process.stdout);
    process.exit();
  }
  if (args[0] === OWNED_ARGUMENT) {
    const { readOwnedStart, serveOwned } = await import('./owned');
    const owned = await serveOwned(await readOwnedStart(process.stdin), () => void stop(0));
    served = owned;
    process.stdout.write(`${JSON.stringify(owned.ready)}\n`);
    return owned;
  }
  const command = parseCommandLine(args, executorVersion, process.env);
  if (command.kind === 'print') {
    process.stdout.write(command.text);
    return undefined;
  }
  const { serveHeadless, stderrLogger } = await import('./headless');
  const logger = stderrLogger(command.options.logLevel);
  served = await serveHeadless(command.options, logger, (status) => void stop(status));
  return served;
}

/** @param onServing called when a server has started and done everything a start does. */
export function run(onServing: () => void): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => void stop(0));
  }
  // The editor may be gone while we go on; what we would have printed then has no reader.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  process.on('uncaughtException', (error) => {
    process.stderr.write(`exec-server: ${redactSecrets(error.stack ?? error.message)}\n`);
    void stop(EXIT_FAILED);
  });

  main()
    .then(async (started) => {
      await started?.prepare();
      if (started !== undefined) onServing();
    })
    .catch((error: unknown) => {
      report(error);
      const isUsage = error instanceof ExecServerError && error.code === 'invalidArguments';
      void stop(isUsage ? EXIT_USAGE : EXIT_FAILED);
    });
}
