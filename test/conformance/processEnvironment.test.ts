import { expect } from 'vitest';
import { conformance } from './harness/conformance';
import type { Stage } from './harness/conformance';

/** Variables the servers are started with, beside PATH and a few others. */
const serverVariables = {
  PLAIN: 'p',
  API_KEY: 'k',
  FOO_SECRET: 's',
  MY_TOKEN: 't',
  monkey: 'm',
  LC_CTYPE: 'C',
  LOGNAME: 'me',
  CODEX_EXEC_SERVER_NOISE_AUTH_TOKEN: 'n',
};

const openPolicy = {
  inherit: 'all',
  ignoreDefaultExcludes: true,
  exclude: [] as string[],
  set: {} as Record<string, string>,
  includeOnly: [] as string[],
};

/** The environment a program finds, as text lines in order. */
async function environmentOf(
  stage: Stage,
  envPolicy: unknown,
  env: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const agent = await stage.open();
  const life = await agent.runs({
    ...stage.shell('p', ''),
    argv: ['/usr/bin/env'],
    env,
    envPolicy,
  });
  return life.bytes('stdout').toString().trimEnd().split('\n').sort();
}

/** Only the variables named above; what else a server has differs from machine to machine. */
function known(lines: readonly string[], more: readonly string[] = []): string[] {
  const names = [...Object.keys(serverVariables), ...more];
  return lines.filter((line) => names.includes(line.split('=', 1)[0] ?? ''));
}

conformance(
  'environment of programs',
  (scenario) => {
    scenario('without a policy it is exactly env', async (stage) => {
      const agent = await stage.open();
      agent.sees(await environmentOf(stage, undefined, { A: '1', B: '' }), ['A=1', 'B=']);
      agent.sees(await environmentOf(stage, null, { A: '1' }), ['A=1']);
    });

    scenario('a terminal adds nothing', async (stage) => {
      const agent = await stage.open();
      const life = await agent.runs({
        ...stage.shell('p', '', { tty: true }),
        argv: ['/usr/bin/env'],
        env: { A: '1' },
      });
      agent.sees(life.bytes('pty').toString().trim().split('\r\n').sort(), [
        'A=1',
        // That of the account.
        ...(stage.side === 'peer' ? [expect.stringMatching(/^SHELL=\//)] : []),
      ]);
    });

    scenario('inherit all takes everything but what is private to the server', async (stage) => {
      const agent = await stage.open();
      agent.sees(known(await environmentOf(stage, openPolicy)), [
        'API_KEY=k',
        'FOO_SECRET=s',
        'LC_CTYPE=C',
        'LOGNAME=me',
        'MY_TOKEN=t',
        'PLAIN=p',
        'monkey=m',
      ]);
    });

    scenario('inherit none takes nothing, inherit core a fixed few', async (stage) => {
      const agent = await stage.open();
      agent.sees(await environmentOf(stage, { ...openPolicy, inherit: 'none' }, { A: '1' }), [
        'A=1',
      ]);
      const core = await environmentOf(stage, { ...openPolicy, inherit: 'core' });
      const allowed = 'PATH SHELL TMPDIR TEMP TMP HOME LANG LC_ALL LC_CTYPE LOGNAME USER'.split(
        ' ',
      );
      agent.sees(
        core.filter((line) => !allowed.includes(line.split('=', 1)[0] ?? '')),
        [],
      );
      agent.sees(known(core, ['SHELL']), ['LC_CTYPE=C', 'LOGNAME=me', 'SHELL=/bin/bash']);
    });

    scenario('names that smell of secrets are dropped unless told otherwise', async (stage) => {
      const agent = await stage.open();
      const lines = await environmentOf(stage, { ...openPolicy, ignoreDefaultExcludes: false });
      agent.sees(known(lines), ['LC_CTYPE=C', 'LOGNAME=me', 'PLAIN=p']);
    });

    scenario('exclude drops whole names by globs in any case', async (stage) => {
      const agent = await stage.open();
      const exclude = ['pla?n', '*_secret', 'LOG', '[A]PI_KEY'];
      agent.sees(known(await environmentOf(stage, { ...openPolicy, exclude })), [
        'API_KEY=k',
        'LC_CTYPE=C',
        'LOGNAME=me',
        'MY_TOKEN=t',
        'monkey=m',
      ]);
    });

    scenario('set is added after the excludes and filtered by includeOnly', async (stage) => {
      const agent = await stage.open();
      const policy = {
        ...openPolicy,
        ignoreDefaultExcludes: false,
        exclude: ['SET_*'],
        set: { SET_KEY: '1', PLAIN: 'set' },
      };
      const more = ['SET_KEY', 'A'];
      agent.sees(known(await environmentOf(stage, policy, { A: 'env' }), more), [
        'A=env',
        'LC_CTYPE=C',
        'LOGNAME=me',
        'PLAIN=set',
        'SET_KEY=1',
      ]);
      agent.sees(await environmentOf(stage, { ...policy, includeOnly: ['pl*'] }, { A: 'env' }), [
        'A=env',
        'PLAIN=set',
      ]);
    });

    scenario('env wins over everything and is filtered by nothing', async (stage) => {
      const agent = await stage.open();
      const policy = { ...openPolicy, inherit: 'none', exclude: ['*'], set: { A_TOKEN: 'set' } };
      agent.sees(await environmentOf(stage, policy, { A_TOKEN: 'env' }), ['A_TOKEN=env']);
    });

    scenario('a policy names all five of its members', async (stage) => {
      const agent = await stage.open();
      for (const name of Object.keys(openPolicy)) {
        const envPolicy = Object.fromEntries(
          Object.entries(openPolicy).filter(([key]) => key !== name),
        );
        await agent.asks('process/start', stage.shell('p', 'true', { envPolicy }), {
          error: { code: -32602, message: `missing field \`${name}\`` },
        });
      }
    });
  },
  { env: serverVariables },
);
