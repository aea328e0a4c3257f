import { describe, expect, it } from 'vitest';
import {
  childEnvironment,
  matchesGlob,
  withoutInternals,
} from '../../../../src/environment/local/childEnvironment';
import type { EnvPolicy } from '../../../../src/protocol/processMessages';

const policy = (parts: Partial<EnvPolicy> = {}): EnvPolicy => ({
  inherit: 'all',
  ignoreDefaultExcludes: true,
  exclude: [],
  set: {},
  includeOnly: [],
  ...parts,
});

describe('the environment of a child', () => {
  it('is exactly what was given when there is no policy', () => {
    expect({ ...childEnvironment({ base: { HOME: '/h' }, env: { A: '1', '': 'x' } }) }).toEqual({
      A: '1',
      '': 'x',
    });
  });

  it('begins with all, nothing or the core of the executor’s own', () => {
    const base = { PATH: '/bin', Home: '/h', LC_ALL: 'C', LC_TIME: 'C', OTHER: 'o' };
    const of = (inherit: EnvPolicy['inherit']): unknown => ({
      ...childEnvironment({ base, env: {}, policy: policy({ inherit }) }),
    });
    expect([of('all'), of('none'), of('core')]).toEqual([
      base,
      {},
      { PATH: '/bin', Home: '/h', LC_ALL: 'C' },
    ]);
  });

  it('loses what looks like a secret, unless told to keep it', () => {
    const base = { MONKEY: '1', tokenizer: '2', Client_Secret_X: '3', PLAIN: '4' };
    const of = (ignoreDefaultExcludes: boolean): string[] =>
      Object.keys(childEnvironment({ base, env: {}, policy: policy({ ignoreDefaultExcludes }) }));
    expect([of(false), of(true)]).toEqual([['PLAIN'], Object.keys(base)]);
  });

  it('takes what a login shell made of it as inherited, so that the policy holds for it', () => {
    const env = childEnvironment({
      base: { PATH: '/bin', GONE: 'base', KEPT: 'base' },
      env: { ASKED: 'env' },
      policy: policy({
        inherit: 'core',
        ignoreDefaultExcludes: false,
        exclude: ['OUT'],
        set: { GIVEN: 'set' },
      }),
      login: {
        set: {
          PATH: '/login:/bin',
          MINE: 'login',
          ASKED: 'login',
          GIVEN: 'login',
          OUT: 'login',
          MY_TOKEN: 'login',
          EXEC_SERVER_X: 'login',
        },
        unset: ['KEPT', 'ASKED', 'GIVEN', 'NEVER_THERE'],
      },
    });
    expect({ ...env }).toEqual({ PATH: '/login:/bin', MINE: 'login', ASKED: 'env', GIVEN: 'set' });
  });

  it('applies excludes before set, includeOnly after it and env last', () => {
    const env = childEnvironment({
      base: { AXE: 'base', BAR: 'base', KEEP: 'base', GONE: 'base' },
      env: { ENV: 'env', SET_B: 'env' },
      policy: policy({
        ignoreDefaultExcludes: false,
        exclude: ['axe', 'S?T_*'],
        set: { AXE: 'set', SET_A: 'set', SET_B: 'set', API_KEY: 'set', LOST: 'set' },
        includeOnly: ['A*', 'SET_*', 'keep'],
      }),
    });
    expect({ ...env }).toEqual({
      AXE: 'set',
      KEEP: 'base',
      SET_A: 'set',
      SET_B: 'env',
      API_KEY: 'set',
      ENV: 'env',
    });
  });

  it('never has the names that are the executor’s alone', () => {
    const secret = { CODEX_EXEC_SERVER_NOISE_AUTH_TOKEN: 't', EXEC_SERVER_TOKEN: 't' };
    const asked = { ...secret, CODEX_EXEC_SERVER_URL: 'asked for' };
    expect([
      { ...childEnvironment({ base: {}, env: asked }) },
      { ...childEnvironment({ base: secret, env: {}, policy: policy({ set: secret }) }) },
    ]).toEqual([{ CODEX_EXEC_SERVER_URL: 'asked for' }, {}]);
  });

  it('takes a variable named after a property of objects like any other', () => {
    const env = childEnvironment({
      base: {},
      env: JSON.parse('{"__proto__":"x","constructor":"y"}'),
    });
    expect(Object.entries(env)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });
});

describe('the executor’s environment without internals', () => {
  it('has nothing of the editor, of npm or of the executor', () => {
    const internals = {
      VSCODE_IPC_HOOK_CLI: '/run/x.sock',
      VSCODE_GIT_ASKPASS_NODE: 'x',
      ELECTRON_RUN_AS_NODE: '1',
      CHROME_DESKTOP: 'code.desktop',
      APPLICATION_INSIGHTS_NO_DIAGNOSTIC_CHANNEL: '1',
      NODE_OPTIONS: '--inspect',
      NODE_CHANNEL_FD: '3',
      npm_config_cache: 'x',
      npm_lifecycle_event: 'test',
      CODEX_EXEC_SERVER_URL: 'ws://127.0.0.1:1/?token=x',
      EXEC_SERVER_OWNER: 'x',
      GIT_ASKPASS: '/usr/share/code/resources/app/extensions/git/dist/askpass.sh',
      SSH_ASKPASS: '/home/u/.vscode-server/bin/x/askpass.sh',
      BROWSER: '/home/u/.vscode-server/bin/x/bin/helpers/browser.sh',
      TERM_PROGRAM: 'vscode',
      TERM_PROGRAM_VERSION: '1.100.0',
    };
    expect({ ...withoutInternals({ ...internals, PATH: '/bin' }) }).toEqual({ PATH: '/bin' });
  });

  it('keeps what only shares a name with the editor’s', () => {
    const own = {
      GIT_ASKPASS: '/usr/bin/ksshaskpass',
      BROWSER: 'firefox',
      TERM_PROGRAM: 'tmux',
      TERM_PROGRAM_VERSION: '3.4',
      NODE_ENV: 'test',
      MY_VSCODE_DIR: 'x',
    };
    expect({ ...withoutInternals(own) }).toEqual(own);
  });
});

describe('a glob of names', () => {
  it('matches whole names in any case, with * and ? only', () => {
    const cases: [string, string, boolean][] = [
      ['FOO', 'foo', true],
      ['FOO', 'FO', false],
      ['FOO', 'F?O', true],
      ['FOO', 'F?', false],
      ['FOO', '*', true],
      ['', '*', true],
      ['', '', true],
      ['', '?', false],
      ['FOO', '*O*', true],
      ['ABCABD', '*AB?', true],
      ['FOO', '[F]OO', false],
      ['[F]OO', '[F]OO', true],
      ['A.B', 'A?B', true],
      ['AXB', 'A.B', false],
      ['😀', '?', true],
    ];
    expect(cases.map(([name, pattern]) => [name, pattern, matchesGlob(name, pattern)])).toEqual(
      cases,
    );
  });

  it('answers a hostile pattern without trying every way', () => {
    expect(matchesGlob('a'.repeat(5000), `${'*a'.repeat(2000)}b`)).toBe(false);
  });
});
