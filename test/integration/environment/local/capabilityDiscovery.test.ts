import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock';
import type { Limits } from '../../../../src/base/limits';
import { defaultLimits } from '../../../../src/base/limits';
import { LocalCapabilityDiscovery } from '../../../../src/environment/local/localCapabilityDiscovery';
import { temporaryFolder } from '../../../support/temporaryFolder';

type Files = Readonly<Record<string, string | Uint8Array>>;

const INCOMPLETE = 'some capability metadata could not be loaded; discovery may be incomplete';

const noText = Uint8Array.of(45, 255);

const skill = (name: string): string => `---\nname: ${name}\ndescription: about ${name}\n---\n`;

async function machine(files: Files, limits: Partial<Limits> = {}) {
  const root = await temporaryFolder();
  const at = (path: string): string => join(root, path);
  await mkdir(at('home/.codex'), { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), content);
  }
  const discovery = new LocalCapabilityDiscovery({
    places: { userHomeDir: at('home'), variables: {}, systemDirectory: at('etc') },
    limits: { ...defaultLimits, ...limits },
    clock: systemClock,
  });
  const short = (path: string): string => path.slice(root.length + 1);
  return {
    at,
    short,
    uri: (path: string): string => pathToFileURL(at(path)).href,
    discover: () => discovery.discoverInstalled(),
    inspect: async (path: string) => (await discovery.inspectRoots([at(path)]))[0],
    inspectAll: (paths: readonly string[]) => discovery.inspectRoots(paths.map(at)),
  };
}

const CACHE = 'home/.codex/plugins/cache/market';
const manifest = (folder: string): string => `${CACHE}/${folder}/.codex-plugin/plugin.json`;

describe('what is installed', () => {
  it('are the skills of the user and of the machine, wherever a client works', async () => {
    const { discover, short, at } = await machine({
      'home/.codex/skills/b-a/SKILL.md': skill('b-a'),
      'home/.codex/skills/b/SKILL.md': skill('b'),
      'home/.codex/skills/b/agents/openai.yaml': 'policy: {allow_implicit_invocation: true}',
      'home/.codex/skills/.hidden/deep/SKILL.md': skill('hidden'),
      'home/.codex/skills/b/README.md': '',
      'home/.agents/skills/c/SKILL.md': skill('c'),
      'etc/skills/d/SKILL.md': skill('d'),
      'project/.agents/skills/e/SKILL.md': skill('e'),
    });
    const { skills, plugins, warnings } = await discover();
    expect({ plugins, warnings }).toEqual({ plugins: [], warnings: [] });
    expect(
      skills.map(({ name, path, discoveryRoot }) => [name, short(path), discoveryRoot.id]),
    ).toEqual([
      ['hidden', 'home/.codex/skills/.hidden/deep/SKILL.md', 'codex-home-skills'],
      ['b-a', 'home/.codex/skills/b-a/SKILL.md', 'codex-home-skills'],
      ['b', 'home/.codex/skills/b/SKILL.md', 'codex-home-skills'],
      ['c', 'home/.agents/skills/c/SKILL.md', 'user-agent-skills'],
      ['d', 'etc/skills/d/SKILL.md', 'system-skills'],
    ]);
    expect(skills[2]).toEqual({
      name: 'b',
      description: 'about b',
      shortDescription: null,
      path: at('home/.codex/skills/b/SKILL.md'),
      discoveryRoot: { id: 'codex-home-skills', path: at('home/.codex/skills') },
      dependencies: null,
      policy: { allowImplicitInvocation: true, products: [] },
    });
  });

  it('is nothing where nothing was put', async () => {
    const { discover } = await machine({});
    expect(await discover()).toEqual({ plugins: [], skills: [], warnings: [] });
  });

  it('goes without what is broken, with a warning for each place', async () => {
    const { discover } = await machine({
      'home/.codex/skills/a/SKILL.md': 'no header',
      'home/.codex/skills/b/SKILL.md': noText,
      'home/.codex/skills/c/SKILL.md': skill('c'),
      'home/.codex/skills/c/agents/openai.yaml': 'x: [',
      'etc/skills/d/SKILL.md': noText,
    });
    const { skills, warnings } = await discover();
    expect(skills.map(({ name }) => name)).toEqual(['c']);
    expect(warnings).toEqual([INCOMPLETE, INCOMPLETE]);
  });

  it('is searched to a depth, through links to folders but in no circle', async () => {
    const { discover, at } = await machine({
      'home/.codex/skills/1/2/3/4/5/6/SKILL.md': skill('six'),
      'home/.codex/skills/1/2/3/4/5/6/7/SKILL.md': skill('seven'),
      'elsewhere/linked/SKILL.md': skill('linked'),
      'elsewhere/file.md': skill('linked file'),
      'home/.codex/skills/f/x': '',
    });
    await symlink(at('elsewhere/linked'), at('home/.codex/skills/z'));
    await symlink(at('home/.codex/skills'), at('home/.codex/skills/loop'));
    await symlink(at('elsewhere/file.md'), at('home/.codex/skills/f/SKILL.md'));
    const { skills, warnings } = await discover();
    expect(skills.map(({ name }) => name)).toEqual(['six', 'linked']);
    expect(warnings).toEqual([]);
  });

  it('are the newest versions of plugins, with their skills under their name', async () => {
    const { discover, at } = await machine({
      [manifest('notes/1.2.0')]: '{"name":"notes"}',
      [manifest('notes/1.10.0')]: '{"name":"Notes","interface":{"displayName":"My notes"}}',
      [`${CACHE}/notes/1.10.0/anywhere/SKILL.md`]: skill('write'),
      [`${CACHE}/notes/1.10.0/.mcp.json`]: '{"server":{}}',
      [`${CACHE}/bad name/1.0.0/.codex-plugin/plugin.json`]: '{"name":"x"}',
      [`${CACHE}/claude/1/.claude-plugin/plugin.json`]: '{"mcpServers":{"inline":{}}}',
    });
    const { plugins, skills, warnings } = await discover();
    const root = at(`${CACHE}/notes/1.10.0`);
    expect({ skills, warnings }).toEqual({ skills: [], warnings: [] });
    expect(plugins.map(({ id, displayName }) => [id, displayName])).toEqual([
      ['claude@market', '1'],
      ['notes@market', 'My notes'],
    ]);
    expect(plugins[0]?.files.mcpConfig).toEqual({
      path: at(`${CACHE}/claude/1/.claude-plugin/plugin.json`),
      contents: '{"inline":{}}',
    });
    expect(plugins[1]).toEqual({
      id: 'notes@market',
      displayName: 'My notes',
      remotePluginId: null,
      version: '1.10.0',
      root,
      files: {
        manifest: {
          path: join(root, '.codex-plugin/plugin.json'),
          contents: '{"name":"Notes","interface":{"displayName":"My notes"}}',
        },
        mcpConfig: { path: join(root, '.mcp.json'), contents: '{"server":{}}' },
        appsConfig: null,
      },
      skills: [
        {
          name: 'Notes:write',
          description: 'about write',
          shortDescription: null,
          path: join(root, 'anywhere/SKILL.md'),
          dependencies: null,
          policy: null,
        },
      ],
    });
  });

  it.each([
    ['has no manifest', {}, 0],
    ['has a broken one', { [manifest('p/1')]: '{' }, 0],
    ['has one that is no object', { [manifest('p/1')]: '[]' }, 0],
    ['has a name that is none', { [manifest('p/1')]: '{"name":5}' }, 0],
    ['points outside itself', { [manifest('p/1')]: '{"apps":"../x"}' }, 1],
    ['points around its folder', { [manifest('p/1')]: '{"apps":"./../x"}' }, 1],
    ['points to nothing', { [manifest('p/1')]: '{"apps":"./x"}' }, 1],
  ])('warns of a plugin that %s', async (_case, files: Files, count) => {
    const { discover } = await machine({ [`${CACHE}/p/1/x.txt`]: '', ...files });
    const { plugins, warnings } = await discover();
    expect([plugins.length, warnings]).toEqual([count, [INCOMPLETE]]);
    expect(plugins.every(({ files: { appsConfig } }) => appsConfig === null)).toBe(true);
  });

  it('has a limit of plugins, and says so', async () => {
    const { discover } = await machine(
      { [manifest('a/1')]: '{}', [manifest('b/1')]: '{}' },
      { maxDiscoveredPlugins: 1 },
    );
    const { plugins, warnings } = await discover();
    expect([plugins.map(({ id }) => id), warnings]).toEqual([
      ['a@market'],
      ['only 1 of 2 plugins were looked at'],
    ]);
  });
});

describe('a folder that is inspected', () => {
  it('shows its skills as they are on disk', async () => {
    const { inspect, at } = await machine({
      'project/.agents/skills/a/SKILL.md': '\ufeffanything',
      'project/.agents/skills/a/agents/openai.yaml': 'x: [',
    });
    expect(await inspect('project/.agents')).toEqual({
      plugin: undefined,
      skills: [
        {
          instructions: {
            path: at('project/.agents/skills/a/SKILL.md'),
            contents: '\ufeffanything',
          },
          metadata: {
            path: at('project/.agents/skills/a/agents/openai.yaml'),
            contents: 'x: [',
          },
        },
      ],
      namespaceManifests: [],
      warnings: [],
      error: undefined,
    });
  });

  it('shows the plugin that it is, and the one it is part of', async () => {
    const { inspect, at } = await machine({
      'p/.codex-plugin/plugin.json': '{"mcpServers":"./x/mcp.json","apps":"../y"}',
      'p/x/mcp.json': '{}',
      'p/skills/s/SKILL.md': skill('s'),
    });
    const file = {
      path: at('p/.codex-plugin/plugin.json'),
      contents: '{"mcpServers":"./x/mcp.json","apps":"../y"}',
    };
    const whole = await inspect('p');
    expect(whole).toMatchObject({
      plugin: {
        manifest: file,
        mcpConfig: { path: at('p/x/mcp.json'), contents: '{}' },
        appsConfig: null,
      },
      namespaceManifests: [file],
      warnings: [expect.stringMatching(/^ignoring apps in .*: path must start with `\.\/`$/)],
    });
    const part = await inspect('p/skills');
    expect(part).toMatchObject({ plugin: undefined, namespaceManifests: [file] });
    expect(part?.skills).toHaveLength(1);
  });

  it('is an error of its own when it is none', async () => {
    const { inspectAll, uri } = await machine({ file: '', 'a/SKILL.md': skill('a') });
    const found = await inspectAll(['absent', 'file', 'a']);
    expect(found.map(({ error, skills }) => [error, skills.length])).toEqual([
      [
        `failed to inspect capability root ${uri('absent')}: No such file or directory (os error 2)`,
        0,
      ],
      [`capability root ${uri('file')} is not a directory`, 0],
      [undefined, 1],
    ]);
  });

  it('leaves out what is too large, alone or together with the rest, and says so', async () => {
    const { inspectAll, uri } = await machine(
      { 'a/SKILL.md': 'x'.repeat(101), 'b/SKILL.md': 'x'.repeat(90), 'c/SKILL.md': 'x'.repeat(90) },
      { maxCapabilityFileBytes: 100, maxDiscoveredFileBytes: 150 },
    );
    const found = await inspectAll(['a', 'b', 'c']);
    expect(found.map(({ skills, warnings }) => [skills.length, warnings])).toEqual([
      [0, [`capability file ${uri('a/SKILL.md')} exceeds the 100-byte limit`]],
      [1, []],
      [
        0,
        [
          `capability file ${uri('c/SKILL.md')} was left out: the files of one discovery exceed 150 bytes`,
        ],
      ],
    ]);
  });
});
