import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Our exec-server as a process of its own, for as long as whoever started it wants. */
export interface OurExecServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a bundled executor that lets in whoever reaches it, as the real peer does. */
export async function startOurExecServer(options: {
  readonly script: string;
  /** The workspace; everything else may be written too, because the real peer knows no scope. */
  readonly folder: string;
  /** A free one unless a test wants to find it again. */
  readonly port?: number;
  /** Added to an environment that otherwise holds only what programs need. */
  readonly env?: Readonly<Record<string, string>>;
}): Promise<OurExecServer> {
  const { script, folder, port = 0, env = {} } = options;
  const child = spawn(
    process.execPath,
    [
      ...[script, '--listen', `ws://127.0.0.1:${port}`, '--ws-auth', 'none'],
      ...['--workspace', folder, '--write-scope', 'unrestricted'],
    ],
    {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, LANG: process.env['LANG'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stdout = '';
  let stderr = '';
  const closed = once(child, 'close');
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.includes('\n')) resolve(stdout.trim());
    });
    child.once('close', () => {
      reject(new Error(`The executor ended before it listened:\n${stderr}`));
    });
    child.once('error', reject);
  });
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid ?? -1,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await closed;
    },
  };
}
