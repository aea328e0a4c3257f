import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/base/limits';
import { LocalConfigurationReader } from '../../../../src/environment/local/localConfiguration';
import { temporaryFolder } from '../../../support/temporaryFolder';

type Files = Readonly<Record<string, string | Uint8Array>>;

/** A machine with these files below `home`, `etc` and `project`. */
async function machine(files: Files, maxConfigFileBytes = defaultLimits.maxConfigFileBytes) {
  const root = await temporaryFolder();
  const at = (path: string): string => join(root, path);
  await mkdir(at('home/.codex'), { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(
      at(path),
      typeof content === 'string' ? content.replaceAll('$', root) : content,
    );
  }
  const places = { userHomeDir: at('home'), systemDirectory: at('etc') };
  const read = (
    cwd: string,
    paths: readonly string[][],
    variables: Readonly<Record<string, string>> = {},
  ) => {
    const reader = new LocalConfigurationReader({ ...places, variables }, { maxConfigFileBytes });
    return reader.read({ cwd: at(cwd), configPaths: paths, requirementsPaths: paths });
  };
  /** Where each layer is from, without the root, and what it says. */
  const layers = async (cwd: string, paths: readonly string[][]) => {
    const { config } = await read(cwd, paths);
    return config.layers.map(({ source, toml }) => [source.replaceAll(root, ''), toml]);
  };
  return { at, read, layers };
}

const USER = 'home/.codex/config.toml';
const trusted = (folder: string) => `[projects."$/${folder}"]\ntrust_level = "trusted"\n`;

describe('the selected configuration', () => {
  it('holds what the paths lead to and nothing else', async () => {
    const toml = [
      'model = "m"',
      'secret = "s"',
      '[features]\na = true\nb = false',
      '[features.deep]\nc = 1',
      '[mcp_servers."a b"]\ncommand = "x"',
    ].join('\n');
    const { layers } = await machine({ [USER]: toml });
    const selected = async (...paths: string[][]) => (await layers('project', paths))[0]?.[1];
    expect({
      key: await selected(['model']),
      below: await selected(['features', 'a']),
      quoted: await selected(['mcp_servers', 'a b', 'command']),
      both: await selected(['features', 'a'], ['features']),
      emptyTable: await selected(['features', 'absent']),
      throughScalar: await selected(['model', 'deeper']),
      nothing: await selected(['absent']),
    }).toEqual({
      key: 'model = "m"\n',
      below: '[features]\na = true\n',
      quoted: '[mcp_servers."a b"]\ncommand = "x"\n',
      both: '[features]\na = true\nb = false\n\n[features.deep]\nc = 1\n',
      emptyTable: '[features]\n',
      throughScalar: 'model = "m"\n',
      nothing: undefined,
    });
  });

  it('keeps every value what it was', async () => {
    const lines = [
      'big = 9223372036854775807',
      'whole = 1.0',
      'day = 2020-01-02',
      'unknown = nan',
      'text = "a\\n\\"b\\" \\u0001"',
      '__proto__ = 1',
    ];
    const { layers } = await machine({ [USER]: lines.join('\n') });
    const paths = lines.map((line) => [line.split(' ')[0] ?? '']);
    expect((await layers('project', paths))[0]?.[1]?.trim().split('\n')).toEqual(lines);
  });
});

describe('the layers', () => {
  it('go from the machine over the user to the project, and what is managed is the strongest', async () => {
    const { read, at } = await machine({
      'etc/config.toml': 'model = "system"',
      [USER]: `model = "user"\n${trusted('project')}`,
      'project/.git/HEAD': '',
      'project/.codex/config.toml': 'model = "project"',
      'project/sub/.codex/config.toml': 'model = "sub"',
      'etc/managed_config.toml':
        'model = "managed"\napproval_policy = "never"\nsandbox_mode = "workspace-write"',
      'etc/requirements.toml': 'model = "required"',
    });
    const { config, requirements } = await read('project/sub/absent', [
      ['model'],
      ['allowed_approval_policies'],
      ['allowed_sandbox_modes'],
    ]);
    const layer = (source: string, path: string, model: string) => ({
      source,
      baseDir: dirname(at(path)),
      toml: `model = "${model}"\n`,
    });
    expect(config).toEqual({
      cloudInsertionIndex: 1,
      layers: [
        layer(`system (${at('etc/config.toml')})`, 'etc/config.toml', 'system'),
        layer(`user (${at(USER)})`, USER, 'user'),
        layer(`project (${at('project/.codex/config.toml')})`, 'project/.codex/x', 'project'),
        layer(`project (${at('project/sub/.codex/config.toml')})`, 'project/sub/.codex/x', 'sub'),
        layer(`managed (${at('etc/managed_config.toml')})`, 'etc/x', 'managed'),
      ],
    });
    expect(requirements).toEqual({
      cloudInsertionIndex: 1,
      layers: [
        layer(at('etc/requirements.toml'), 'etc/x', 'required'),
        {
          source: at('etc/managed_config.toml'),
          baseDir: at('etc'),
          toml: 'allowed_approval_policies = [ "never" ]\nallowed_sandbox_modes = [ "read-only", "workspace-write" ]\n',
        },
      ],
    });
  });

  it('are none where there is no file', async () => {
    const { read, at } = await machine({});
    expect(await read('project', [['model']])).toMatchObject({
      userHomeDir: at('home'),
      codexHomeDir: at('home/.codex'),
      config: { layers: [], cloudInsertionIndex: 0 },
      requirements: { layers: [], cloudInsertionIndex: 0 },
    });
  });

  const projectFiles: Files = {
    'project/.codex/config.toml': 'model = "project"',
    'project/sub/.codex/config.toml': 'model = "sub"',
  };
  const git: Files = { 'project/.git/HEAD': '' };

  it.each<[string, Files, string[]]>([
    ['nobody trusts', git, []],
    ['is distrusted', { ...git, [USER]: trusted('project').replace('trusted', 'untrusted') }, []],
    ['lies in a trusted folder that is no project', { [USER]: trusted('project') }, []],
    ['has an empty .git', { 'project/.git/x': '', [USER]: trusted('project') }, []],
    ['is trusted as a whole', { ...git, [USER]: trusted('project') }, ['project', 'sub']],
    ['is trusted in part', { ...git, [USER]: trusted('project/sub') }, ['sub']],
    [
      'the administrator trusts',
      { ...git, 'etc/config.toml': trusted('project') },
      ['project', 'sub'],
    ],
    [
      'begins elsewhere',
      { ...git, [USER]: `project_root_markers = ["mark"]\n${trusted('project')}` },
      ['sub'],
    ],
    [
      'begins at another mark',
      {
        'project/mark': '',
        [USER]: `project_root_markers = ["mark"]\n${trusted('project')}`,
      },
      ['project', 'sub'],
    ],
  ])('of a project that %s', async (_case, files, expected) => {
    const { layers } = await machine({ ...projectFiles, ...files });
    const found = await layers('project/sub', [['model']]);
    expect(found.map(([, toml]) => toml)).toEqual(expected.map((name) => `model = "${name}"\n`));
  });

  it('of a project do not decide where requests go', async () => {
    const keys = ['model_provider', 'model_providers', 'notify', 'openai_base_url', 'profile'];
    const { layers } = await machine({
      ...git,
      [USER]: trusted('project'),
      'project/.codex/config.toml': [...keys, 'model'].map((key) => `${key} = "x"`).join('\n'),
    });
    const found = await layers(
      'project',
      [...keys, 'model'].map((key) => [key]),
    );
    expect(found.map(([, toml]) => toml)).toEqual(['model = "x"\n']);
  });

  it('are not doubled when the home is the project', async () => {
    const { layers } = await machine({ [USER]: `model = "user"\n${trusted('home')}` });
    expect(await layers('home', [['model']])).toHaveLength(1);
  });
});

describe('a configuration that cannot be used', () => {
  const reason = 'failed to load executor-local config: ';

  it.each<[string, Files, RegExp]>([
    ['broken', { [USER]: 'token = "s3cret"\na = = 1' }, /config\.toml:2:5: /],
    ['no UTF-8', { [USER]: Uint8Array.of(97, 61, 34, 255, 34) }, /it is not UTF-8$/],
    ['a folder', { [`${USER}/x`]: '' }, /is not a file$/],
    ['large', { [USER]: `a = "${'s3cret'.repeat(200)}"` }, /longer than 1000 bytes$/],
    ['odd', { [USER]: 'project_root_markers = 3' }, /must be an array of strings$/],
  ])('is an error that shows none of it: %s', async (_case, files, message) => {
    const { read } = await machine(files, 1000);
    const failure = read('project', [['a']]);
    await expect(failure).rejects.toMatchObject({
      code: -32603,
      message: expect.stringMatching(message),
    });
    await expect(failure).rejects.toThrow(reason);
    await expect(failure).rejects.not.toThrow('s3cret');
  });
});

describe('CODEX_HOME', () => {
  it('is where it says, links resolved', async () => {
    const { read, at } = await machine({ 'codex/config.toml': 'model = "m"' });
    await symlink(at('codex'), at('link'));
    const { codexHomeDir, config } = await read('project', [['model']], { CODEX_HOME: at('link') });
    expect([codexHomeDir, config.layers.length]).toEqual([at('codex'), 1]);
  });

  it('counts as unset when it is empty', async () => {
    const { read, at } = await machine({});
    const { codexHomeDir } = await read('project', [['a']], { CODEX_HOME: '' });
    expect(codexHomeDir).toBe(at('home/.codex'));
  });

  it.each([
    ['absent', 'that path does not exist'],
    ['file', 'that path is not a directory'],
  ])('is an error when it is %s', async (name, message) => {
    const { read, at } = await machine({ file: '' });
    await expect(read('project', [['a']], { CODEX_HOME: at(name) })).rejects.toMatchObject({
      code: -32603,
      message: `failed to find Codex home: CODEX_HOME points to "${at(name)}", but ${message}`,
    });
  });
});
