import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/base/limits';
import type { CodexEnvironments } from '../../../../src/environment/local/codexEnvironments';
import { readCodexEnvironments } from '../../../../src/environment/local/codexEnvironments';
import { temporaryFolder } from '../../../support/temporaryFolder';

interface Home {
  readonly home: string;
  readonly path: string;
}

async function homeWith(content: string | Buffer): Promise<Home> {
  const home = await temporaryFolder();
  const path = join(home, '.codex', 'environments.toml');
  await mkdir(join(home, '.codex'));
  await writeFile(path, content);
  return { home, path };
}

/** What is read, with the path in problems written as `FILE`. */
async function read(content: string | Buffer): Promise<CodexEnvironments> {
  const { home, path } = await homeWith(content);
  const { environments, problems } = await readCodexEnvironments({}, home);
  return { environments, problems: problems.map((text) => text.replace(path, 'FILE')) };
}

const entry = (...lines: string[]): string => ['[[environments]]', ...lines, ''].join('\n');

describe('readCodexEnvironments', () => {
  it('reads addresses and programs, as they are written', async () => {
    const { home } = await homeWith(`
default = "box"
include_local = false

[[environments]]
id = "box"
url = " wss://box.example/?token=canary "
auth_bearer_token = "canary"
connect_timeout_sec = 2.5
initialize_timeout_sec = 3

[[environments]]
id = "over-ssh_1"
program = " ssh "
args = ["dev.example", "codex exec-server --listen stdio"]
cwd = "keys"
env = { CODEX_LOG = "debug", __proto__ = "x" }

[[environments]]
id = "bare"
program = "/usr/bin/serve"
cwd = "/srv"
`);
    expect(await readCodexEnvironments({}, home)).toEqual({
      environments: [
        {
          name: 'box',
          endpoint: { url: 'wss://box.example/?token=canary', token: 'canary' },
        },
        {
          name: 'over-ssh_1',
          endpoint: {
            program: 'ssh',
            args: ['dev.example', 'codex exec-server --listen stdio'],
            cwd: join(home, '.codex', 'keys'),
            env: Object.fromEntries([
              ['CODEX_LOG', 'debug'],
              ['__proto__', 'x'],
            ]),
          },
        },
        { name: 'bare', endpoint: { program: '/usr/bin/serve', cwd: '/srv' } },
      ],
      problems: [],
    });
  });

  it('finds nothing where there is no file, no folder or nothing in it', async () => {
    const home = await temporaryFolder();
    const answers = [
      await readCodexEnvironments({}, home),
      await read(''),
      await read('default = "x"'),
    ];
    const nothing = { environments: [], problems: [] };
    expect(answers).toEqual([nothing, nothing, nothing]);
  });

  it('looks where CODEX_HOME says, and says when that is nowhere', async () => {
    const { home } = await homeWith(entry('id = "box"', 'url = "ws://127.0.0.1:1"'));
    const elsewhere = await temporaryFolder();
    const folder = join(home, '.codex');
    expect({
      there: await readCodexEnvironments({ CODEX_HOME: folder }, elsewhere),
      nowhere: await readCodexEnvironments({ CODEX_HOME: '/nowhere/at/all' }, home),
    }).toEqual({
      there: {
        environments: [{ name: 'box', endpoint: { url: 'ws://127.0.0.1:1' } }],
        problems: [],
      },
      nowhere: {
        environments: [],
        problems: ['CODEX_HOME points to "/nowhere/at/all", but that path does not exist'],
      },
    });
  });

  it('leaves out what is wrong, says why without quoting it, and keeps the others', async () => {
    const answer = await read(
      [
        entry('url = "ws://127.0.0.1:1"'),
        entry('id = "two words"', 'url = "ws://127.0.0.1:1"'),
        entry('id = "local"', 'url = "ws://127.0.0.1:1"'),
        entry('id = "NONE"', 'url = "ws://127.0.0.1:1"'),
        entry(`id = "${'x'.repeat(65)}"`, 'url = "ws://127.0.0.1:1"'),
        entry('id = 7', 'url = "ws://127.0.0.1:1"'),
        entry('id = "nothing"'),
        entry('id = "both"', 'url = "ws://127.0.0.1:1"', 'program = "ssh"'),
        entry('id = "http"', 'url = "http://canary.example/?token=canary"'),
        entry('id = "password"', 'url = "ws://canary:canary@127.0.0.1:1"'),
        entry('id = "mixed"', 'url = "ws://127.0.0.1:1"', 'args = ["canary"]'),
        entry('id = "empty"', 'program = "  "'),
        entry('id = "args"', 'program = "ssh"', 'args = ["canary", 1]'),
        entry('id = "env"', 'program = "ssh"', 'env = { CANARY = 1 }'),
        entry('id = "token"', 'program = "ssh"', 'auth_bearer_token = "canary"'),
        entry('id = "kept"', `url = "ws://127.0.0.1:1"`),
        entry('id = "kept"', 'url = "ws://127.0.0.1:2"'),
        entry('id = "cwd"', 'program = "ssh"', 'cwd = 1'),
      ].join('\n'),
    );
    const idRule = 'its id must be 1 to 64 letters, digits, - or _';
    expect(answer).toEqual({
      environments: [{ name: 'kept', endpoint: { url: 'ws://127.0.0.1:1' } }],
      problems: [
        `number 1: ${idRule}`,
        `number 2: ${idRule}`,
        'local: its id is reserved',
        'NONE: its id is reserved',
        `number 5: ${idRule}`,
        'number 6: its id must be a text',
        'nothing: it must have either url or program',
        'both: it must have either url or program',
        'http: its url must be an address such as ws://127.0.0.1:4000 or wss://box.example',
        'password: its url must be an address without a name and a password; an exec-server asks for a token',
        'mixed: args needs program',
        'empty: its program is empty',
        'args: its args must be a list of texts',
        'env: its env must be a table of texts',
        'token: auth_bearer_token needs url',
        'kept: its id is taken by one before it',
        'cwd: its cwd must be a text',
      ].map((text) => `FILE: environment ${text}`),
    });
  });

  it.each([
    ['no TOML', 'id = = canary', [expect.stringMatching(/^FILE:1:\d+: Invalid TOML[^\n]*$/)]],
    ['not UTF-8', Buffer.from([0x61, 0xff]), ['Failed to read config file FILE: it is not UTF-8']],
    ['no list', 'environments = "canary"', ['FILE: environments must be a list of tables']],
    ['no tables', 'environments = ["canary"]', ['FILE: environment number 1: it must be a table']],
    [
      'too long',
      '#'.repeat(defaultLimits.maxConfigFileBytes + 1),
      [
        `Failed to read config file FILE: it is longer than ${defaultLimits.maxConfigFileBytes} bytes`,
      ],
    ],
  ])('says what is wrong with a file that is %s', async (_what, content, problems) => {
    expect(await read(content)).toEqual({ environments: [], problems });
  });

  it('stops at more remotes than anybody can choose from', async () => {
    const count = defaultLimits.maxCodexEnvironments;
    const { environments, problems } = await read(
      Array.from({ length: count + 1 }, (_, index) =>
        entry(`id = "box-${index}"`, `url = "ws://127.0.0.1:${index + 1}"`),
      ).join('\n'),
    );
    expect({ count: environments.length, last: environments.at(-1)?.name, problems }).toEqual({
      count,
      last: `box-${count - 1}`,
      problems: [`FILE: only the first ${count} environments are used`],
    });
  });
});
