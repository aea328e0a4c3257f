import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { defaultLimits } from '../../../../src/base/limits';
import { createLogger } from '../../../../src/base/logger';
import { LocalProcessBackend } from '../../../../src/environment/local/localProcessBackend';
import type { StartRequest } from '../../../../src/environment/processBackend';
import type { EnvPolicy } from '../../../../src/protocol/processMessages';
import { FakeClock } from '../../../support/fakeClock';
import {
  ProcessWatch,
  isAlive,
  startRequest,
  terminal,
  until,
  useLocalBackend,
} from '../../../support/processFixtures';
import { temporaryFolder } from '../../../support/temporaryFolder';

const policy: EnvPolicy = {
  inherit: 'core',
  ignoreDefaultExcludes: true,
  exclude: [],
  set: {},
  includeOnly: [],
};

/** A shell and what is written differently for it. */
const shells = [
  {
    name: 'bash' as const,
    path: '/bin/bash',
    profile: '.bash_profile',
    settings:
      'shopt -s expand_aliases extglob; set -o noclobber; in_children() { :; }; export -f in_children',
    pattern: '@(ab|cd)',
    // The flag `f` of zsh is about the files that were read; nothing else may differ.
    settingsOf:
      'echo "flags=$- line=$LINENO"; shopt; set +o; /bin/bash -c in_children; no-such-command',
  },
  {
    name: 'zsh' as const,
    path: findProgram('zsh') ?? '/bin/zsh',
    profile: '.zprofile',
    settings: 'setopt extended_glob no_clobber; fpath=("$HOME/functions" $fpath)',
    pattern: '(ab|cd)',
    settingsOf: 'echo "flags=${-/f/}"; set +o; print -r -- "$fpath"',
  },
];

const log: string[] = [];
const logger = createLogger((_level, line) => log.push(line));
const { run, backend } = useLocalBackend({ maxShellSnapshots: 2 }, logger);

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A backend whose time a test moves. */
function backendWith(clock: FakeClock): LocalProcessBackend {
  const options = { limits: defaultLimits, logger, baseEnvironment: process.env, clock };
  const timed = new LocalProcessBackend(options);
  onTestFinished(() => timed.close(0));
  return timed;
}

describe.skipIf(process.platform !== 'linux').each(shells)('a login $name', (shell) => {
  const test = it.skipIf(!existsSync(shell.path));

  /** A home with a login file that counts its readers, and ways to start shells in it. */
  async function makeHome(profile = '', runner = backend()) {
    const home = await temporaryFolder();
    writeFileSync(path.join(home, shell.profile), `echo "$$" >> "$HOME/readers"\n${profile}\n`);
    const request = (command: string, parts: Partial<StartRequest> = {}): StartRequest =>
      startRequest([shell.path, '-lc', command], {
        env: { HOME: home },
        envPolicy: policy,
        shellSnapshot: { scopeId: home, shell: { name: shell.name, path: shell.path } },
        ...parts,
      });
    const start = async (command: string, parts?: Partial<StartRequest>) => {
      const watch = new ProcessWatch(await runner.start(request(command, parts)));
      await watch.closed();
      // Each stream for itself: which of two pipes is read first is another matter each time.
      const text = ['pty', 'stdout', 'stderr'].map((stream) => watch.bytes(stream).toString());
      return {
        text: text.join('').replaceAll('\r', ''),
        exitCode: watch.process.state.exitCode,
      };
    };
    return {
      home,
      request,
      start,
      readers: () =>
        readFileSync(path.join(home, 'readers'), 'utf8').split('\n').slice(0, -1).map(Number),
      /** Makes a start that is plain, and waits for what comes of the snapshot. */
      prepare: async (parts?: Partial<StartRequest>): Promise<string> => {
        const known = log.length;
        await start('true', parts);
        const outcome = (): string | undefined =>
          log.slice(known).find((line) => line.startsWith('shell snapshot'));
        await until(() => outcome() !== undefined, 'there is a snapshot, or none');
        return outcome() ?? '';
      },
    };
  }

  const inScope = (scopeId: string): Partial<StartRequest> => ({
    shellSnapshot: { scopeId, shell: { name: shell.name, path: shell.path } },
  });

  test('reads its files once more for a snapshot, and then no more in that scope', async () => {
    const { start, prepare, readers } = await makeHome();
    await prepare();
    const later = [await start('echo second'), await start('echo third', { terminal })];
    const read = readers().length;
    await prepare(inScope('another'));
    expect({ later, read, inAnotherScope: readers().length - read }).toEqual({
      later: [
        { text: 'second\n', exitCode: 0 },
        { text: 'third\n', exitCode: 0 },
      ],
      read: 2,
      inAnotherScope: 2,
    });
  });

  test('is from then on the shell its files would make of it', async () => {
    vi.stubEnv('LC_CTYPE', 'C.UTF-8');
    const { start, prepare, readers } = await makeHome(
      [
        shell.settings,
        'export TWO_LINES="one\n  \'two\' £" PATH="$HOME/bin:$PATH" SHELL="$HOME/shell" BASH_ENV=""',
        'unset LC_CTYPE',
        'umask 027',
        "alias say='echo \"it'\\''s\"'",
        `greet() { local name=$1; say "$name"; [[ ab == ${shell.pattern} ]] && return 5; }`,
        'echo noise of the files',
      ].join('\n'),
    );
    const command = [
      'say "first line"',
      'greet world; echo "status $?"',
      'echo "0=$0 args=$# $*"; umask; pwd',
      shell.settingsOf,
      "env | sort | grep -v '^_='",
      '(exit 9)',
    ].join('\n');
    const argv: StartRequest['argv'] = [shell.path, '-lc', command, 'zero', 'one', 'two'];
    await prepare();
    const plain = await start('', { argv, shellSnapshot: undefined });
    const read = readers().length;
    const restored = await start('', { argv });
    expect(plain).toEqual({
      exitCode: 9,
      text: expect.stringMatching(/^noise of the files\nit's first line\nit's world\nstatus 5\n/),
    });
    expect(restored).toEqual({ ...plain, text: plain.text.replace('noise of the files\n', '') });
    expect(readers()).toHaveLength(read);
  });

  test('takes no variable from its files that the request sets or the policy excludes', async () => {
    const { home, start, prepare } = await makeHome(
      'export ASKED=files GIVEN=files MY_TOKEN=files OUT=files MINE=files; UNEXPORTED=files',
    );
    const parts = {
      env: { HOME: home, ASKED: 'request' },
      envPolicy: {
        ...policy,
        ignoreDefaultExcludes: false,
        exclude: ['OUT'],
        set: { GIVEN: 'policy' },
      },
    };
    await prepare(parts);
    const command = 'echo "$ASKED,$GIVEN,${MY_TOKEN-},${OUT-},${UNEXPORTED-},$MINE"';
    expect(await start(command, parts)).toEqual({ text: 'request,policy,,,,files\n', exitCode: 0 });
  });

  test('leaves no file behind', async () => {
    const temporary = await temporaryFolder();
    vi.stubEnv('TMPDIR', temporary);
    const { start, prepare, home } = await makeHome();
    const outcome = await prepare();
    await start('true');
    // Pipes have names for as long as it takes to open them.
    const files = readdirSync(temporary).filter((name) => !name.startsWith('exec-server-pipes-'));
    expect({ outcome, files }).toEqual({
      outcome: expect.stringContaining('snapshot taken'),
      files: [path.basename(home)],
    });
  });

  test('is started plainly when its files end it before it could tell', async () => {
    const { start, prepare, readers } = await makeHome('echo leaving; exit 3');
    const outcome = await prepare();
    const read = readers().length;
    const later = [await start('true'), await start('true')];
    expect({ outcome, later, readers: readers().length - read }).toEqual({
      outcome: expect.stringContaining('the shell ended before it had told its state'),
      later: Array.from({ length: 2 }, () => ({ text: 'leaving\n', exitCode: 3 })),
      readers: 2,
    });
  });

  test('is started plainly when it did not tell in time, and nothing of the attempt is left', async () => {
    const clock = new FakeClock();
    const { home, start, prepare } = await makeHome(
      // Only the shell that is asked has another command than the start beside it.
      '[ "$BASH_EXECUTION_STRING$ZSH_EXECUTION_STRING" = true ] || { echo $$ > "$HOME/asked"; exec sleep 1000; }',
      backendWith(clock),
    );
    const askedFile = path.join(home, 'asked');
    const asked = (): string => (existsSync(askedFile) ? readFileSync(askedFile, 'utf8') : '');
    const outcome = prepare();
    await until(() => asked().endsWith('\n'), 'the shell is asked');
    clock.advance(defaultLimits.shellSnapshotMs);
    await until(() => !isAlive(Number(asked())), 'the shell that was asked is gone');
    writeFileSync(path.join(home, shell.profile), 'echo plain');
    expect({ outcome: await outcome, later: await start('true') }).toEqual({
      outcome: expect.stringContaining(
        `the shell took longer than ${defaultLimits.shellSnapshotMs} ms`,
      ),
      later: { text: 'plain\n', exitCode: 0 },
    });
  });

  test('reads its files again once other scopes have taken its place', async () => {
    const { start, prepare, readers } = await makeHome();
    for (const scopeId of ['one', 'two', 'three']) await prepare(inScope(scopeId));
    const read = readers().length;
    await start('true', inScope('two'));
    await start('true', inScope('three'));
    const kept = readers().length - read;
    await prepare(inScope('one'));
    expect({ kept, again: readers().length - read }).toEqual({ kept: 0, again: 2 });
  });

  test('keeps its snapshot while it starts, though another has taken its place', async () => {
    const { request, prepare } = await makeHome('hello() { echo hello; }');
    await prepare(inScope('first'));
    const slow = new ProcessWatch(
      await backend().start(request('read line; hello', { ...inScope('first'), pipeStdin: true })),
    );
    for (const scopeId of ['second', 'third']) await prepare(inScope(scopeId));
    await slow.process.write(Buffer.from('\n'));
    expect((await slow.closed()).text).toBe('hello\n');
  });
});

it('starts a shell plainly that cannot list its functions', async () => {
  const home = await temporaryFolder();
  writeFileSync(
    path.join(home, '.profile'),
    'echo "$$" >> "$HOME/readers"; hello() { echo hello; }',
  );
  const request = startRequest(['/bin/sh', '-lc', 'hello'], {
    env: { HOME: home },
    envPolicy: policy,
    shellSnapshot: { scopeId: home, shell: { name: 'sh', path: '/bin/sh' } },
  });
  const texts = [(await run(request)).text, (await run(request)).text];
  const readers = readFileSync(path.join(home, 'readers'), 'utf8').split('\n').length - 1;
  expect({ texts, readers }).toEqual({ texts: ['hello\n', 'hello\n'], readers: 2 });
});

function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}
