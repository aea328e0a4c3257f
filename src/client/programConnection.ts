import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { ExecServerError, toError } from '../base/errors';
import { waitAtMost } from '../base/withinTime';
import { StdioTransport } from '../rpc/stdioTransport';
import type { ProgramEndpoint } from './execServerClient';
import { ProgramLines } from './programLines';
import type { ConnectSurroundings, ServerConnection } from './serverConnection';

type Program = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Starts a program that speaks the protocol on its stdin and stdout. What it says on stderr is logged.
 *
 * @throws ExecServerError `connectionClosed` when it cannot be started.
 */
export async function connectProgram(
  endpoint: ProgramEndpoint,
  { limits, clock, logger }: ConnectSurroundings,
): Promise<ServerConnection> {
  const { program, args = [], env, cwd } = endpoint;
  const child = spawn(program, args, {
    cwd,
    env: { ...inheritedVariables(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own, so that what it started ends with it.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const lines = new ProgramLines(limits.maxProgramLineBytes, (line) => {
    logger.info('program said', { program, line });
  });
  child.stderr.on('data', (chunk: Buffer) => {
    lines.push(chunk);
  });
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(code === null ? `by ${String(signal)}` : `with exit code ${code}`);
    });
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new ExecServerError(
      'connectionClosed',
      `Failed to start ${program}: ${toError(error).message}`,
      { cause: error },
    );
  }
  child.on('error', ({ message }) => {
    logger.warn('program could not be signalled', { program, reason: message });
  });
  const transport = new StdioTransport({
    input: child.stdout,
    output: child.stdin,
    limits: { ...limits, maxMessageBytes: limits.maxReplyBytes },
    clock,
  });
  const silent = new Promise((resolve) => child.once('close', resolve));
  const gone = ended.then(async () => {
    // Helpers it left behind. One that has fled may still hold the pipes open.
    signalGroup(child, 'SIGKILL');
    await waitAtMost(silent, clock, limits.programLastWordsMs);
    child.stdout.destroy();
    child.stderr.destroy();
  });
  transport.onDidEnd(() => {
    child.stdin.end();
    const polite = clock.schedule(() => {
      signalGroup(child, 'SIGTERM');
    }, limits.programExitMs);
    const forced = clock.schedule(() => {
      signalGroup(child, 'SIGKILL');
    }, limits.programExitMs * 2);
    void gone.then(() => {
      polite.dispose();
      forced.dispose();
    });
  });
  return {
    transport,
    isResumable: false,
    cut: () => {
      transport.dispose();
      signalGroup(child, 'SIGKILL');
    },
    gone,
    async describeEnd() {
      const how = await ended;
      await gone;
      const { last } = lines;
      return `${program} ended ${how}${last === '' ? '' : `: ${last}`}`;
    },
  };
}

function signalGroup(child: Program, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // Nobody is left in the group, which is what is wanted.
  }
}

/**
 * Our environment without what is meant for us: by the address of an exec-server the program would serve
 * that one in place of its own machine, and that may be ourselves.
 */
function inheritedVariables(): NodeJS.ProcessEnv {
  const isOurs = (name: string): boolean => /^(CODEX_)?EXEC_SERVER_/i.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name)));
}
