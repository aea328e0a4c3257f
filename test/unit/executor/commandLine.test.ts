import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ExecServerError } from '../../../src/base/errors';
import type { HeadlessOptions } from '../../../src/executor/commandLine';
import { parseCommandLine, usage } from '../../../src/executor/commandLine';
import { AccessToken } from '../../../src/server/accessToken';
import type { DoorLock } from '../../../src/server/doorLock';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'exec-server-test-')));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function optionsOf(...args: string[]): HeadlessOptions {
  const command = parseCommandLine(args, '1.2.3', {});
  if (command.kind !== 'serve') throw new Error('Something was printed instead');
  return command.options;
}

function refusalOf(...args: string[]): { code: string; message: string } {
  try {
    parseCommandLine(args, '1.2.3', {});
  } catch (error) {
    if (error instanceof ExecServerError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('Nothing was refused');
}

const revealed = (lock: DoorLock | undefined): string | undefined =>
  lock instanceof AccessToken ? lock.reveal() : undefined;

describe('parseCommandLine', () => {
  it('serves the current directory with a random token when nothing is said', () => {
    const { lock, ...rest } = optionsOf();
    expect({ ...rest, token: revealed(lock) }).toEqual({
      listen: { host: '127.0.0.1', port: 0 },
      workspaceFolders: [process.cwd()],
      token: expect.stringMatching(/^[\w-]{43}$/),
      detachedSessionTtlSeconds: 80,
      writeScope: 'workspace',
      environment: { choice: { mode: 'local' }, chosenBy: 'CODEX_EXEC_SERVER_URL' },
      execEnabled: true,
      filesystemEnabled: true,
      secretFiles: [],
      allowedHosts: [],
      logLevel: 'info',
    });
    expect(revealed(optionsOf().lock)).not.toBe(revealed(lock));
  });

  it('reads every flag', () => {
    const { lock, ...rest } = optionsOf(
      ...['--listen', 'ws://127.0.0.1:4000', '--workspace', folder, '--workspace=.'],
      ...['--ws-auth', 'capability-token', '--ws-token-file', file('token', '  secret-word\n')],
      ...['--detached-session-ttl', '0.5', '--write-scope', 'unrestricted'],
      ...['--concurrent-requests', '8', '--no-exec', '--no-filesystem'],
      ...['--environment', 'wss://box.example'],
      ...['--environment-token-file', file('remote', 'remote-word\n')],
      ...['--allow-host', 'one.example', '--allow-host', 'two.example', '--log-level', 'trace'],
    );
    expect({ ...rest, token: revealed(lock) }).toEqual({
      listen: { host: '127.0.0.1', port: 4000 },
      workspaceFolders: [folder, process.cwd()],
      token: 'secret-word',
      detachedSessionTtlSeconds: 0.5,
      writeScope: 'unrestricted',
      environment: {
        choice: {
          mode: 'remote',
          remote: {
            name: 'box.example',
            endpoint: { url: 'wss://box.example', token: 'remote-word' },
          },
        },
        chosenBy: '--environment',
      },
      execEnabled: false,
      filesystemEnabled: false,
      secretFiles: [join(folder, 'token'), join(folder, 'remote')],
      allowedHosts: ['one.example', 'two.example'],
      logLevel: 'trace',
    });
  });

  it.each(['stdio', 'stdio://'])('asks for no token on %s', (place) => {
    const { listen, lock } = optionsOf('--listen', place);
    expect({ listen, lock }).toEqual({ listen: 'stdio', lock: undefined });
  });

  it('keeps a workspace folder as it was named, without following links', () => {
    const link = join(folder, 'link');
    symlinkSync(tmpdir(), link);
    expect(optionsOf('--workspace', link).workspaceFolders).toEqual([link]);
  });

  it.each([
    [['--help'], usage],
    [['-h'], usage],
    [['--version'], '1.2.3\n'],
  ])('prints for %j and serves nothing', (args, text) => {
    expect(parseCommandLine(args, '1.2.3', {})).toEqual({ kind: 'print', text });
  });

  it.each<[string[], string]>([
    [['--bogus'], "Unknown option '--bogus' (see --help)"],
    [['--token=secret'], "Unknown option '--token' (see --help)"],
    [
      ['serve'],
      "Unexpected argument 'serve'. This command does not take positional arguments (see --help)",
    ],
    [['--listen'], "Option '--listen <value>' argument missing (see --help)"],
    [
      ['--listen', 'ws://0.0.0.0:1'],
      '--listen ws://0.0.0.0:1 was refused: only loopback addresses are served. Listen on 127.0.0.1 and bring other machines in through a tunnel (ssh -L, VS Code port forwarding).',
    ],
    [['--workspace', '/nowhere/at/all'], "--workspace '/nowhere/at/all' is not a folder"],
    [['--workspace', '/dev/null'], "--workspace '/dev/null' is not a folder"],
    [['--workspace', '/dev/null/below'], "--workspace '/dev/null/below' is not a folder"],
    [['--workspace', ''], "--workspace '' is not a folder"],
    [['--concurrent-requests', '0'], "--concurrent-requests takes a whole number above 0, got '0'"],
    [
      ['--concurrent-requests', '1.5'],
      "--concurrent-requests takes a whole number above 0, got '1.5'",
    ],
    [
      ['--detached-session-ttl', '0'],
      "--detached-session-ttl takes a number of seconds above 0, got '0'",
    ],
    [
      ['--detached-session-ttl=-5'],
      "--detached-session-ttl takes a number of seconds above 0, got '-5'",
    ],
    [
      ['--detached-session-ttl', 'soon'],
      "--detached-session-ttl takes a number of seconds above 0, got 'soon'",
    ],
    [
      ['--detached-session-ttl', '1e999'],
      "--detached-session-ttl takes a number of seconds above 0, got '1e999'",
    ],
    [['--write-scope', 'all'], "--write-scope takes workspace or unrestricted, got 'all'"],
    [
      ['--log-level', 'loud'],
      "--log-level takes trace or debug or info or warn or error, got 'loud'",
    ],
  ])('refuses %j in one line', (args, message) => {
    expect(refusalOf(...args)).toEqual({ code: 'invalidArguments', message });
  });

  it('answers a value that looks like a flag in one line too', () => {
    const { code, message } = refusalOf('--listen', '-x');
    expect({
      code,
      lines: message.split('\n').length,
      named: message.includes('--listen'),
    }).toEqual({ code: 'invalidArguments', lines: 1, named: true });
  });
});
