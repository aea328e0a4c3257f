import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { ok, refused } from './harness/agent';
import { conformance } from './harness/conformance';
import type { OpenAgent, Stage } from './harness/conformance';
import { differs } from './harness/difference';

/** A server whose Codex home is in the folder of the scenario. */
async function openWithHome(
  stage: Stage,
  files: Readonly<Record<string, string>>,
): Promise<{ agent: OpenAgent; home: string }> {
  const home = join(stage.folder, 'codex-home');
  await mkdir(home);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(home, name, '..'), { recursive: true });
    await writeFile(join(home, name), text);
  }
  const server = await stage.start({ env: { CODEX_HOME: home, HOME: stage.folder } });
  return { agent: await stage.open({ server }), home };
}

const config =
  'model = "x"\n\n[mcp_servers.foo]\ncommand = "true"\n\n[features]\na = true\nb = false\n';

conformance('environmentConfig/read', (scenario) => {
  const read = (stage: Stage, configPaths: unknown, requirementsPaths: unknown = []) => ({
    cwd: stage.uri(),
    configPaths,
    requirementsPaths,
  });

  const answer = (stage: Stage, home: string, toml: string | undefined) =>
    ok({
      userHomeDir: pathToFileURL(stage.folder).href,
      codexHomeDir: pathToFileURL(home).href,
      hostname: differs({
        ours: hostname(),
        peer: expect.stringMatching(/./),
        because:
          'the peer asks how the name is resolved, and some machines have a longer one there',
      }),
      config: {
        layers:
          toml === undefined
            ? []
            : [
                {
                  source: `user (${join(home, 'config.toml')})`,
                  baseDir: pathToFileURL(home).href,
                  toml,
                },
              ],
        cloudInsertionIndex: 0,
      },
      requirements: { layers: [], cloudInsertionIndex: 0 },
    });

  scenario('gives the keys that are asked for, and no others', async (stage) => {
    const { agent, home } = await openWithHome(stage, { 'config.toml': config });
    await agent.talks([
      [
        'environmentConfig/read',
        read(stage, [['mcp_servers']], [['mcp_servers']]),
        answer(stage, home, '[mcp_servers.foo]\ncommand = "true"\n'),
      ],
      [
        'environmentConfig/read',
        read(stage, [['mcp_servers'], ['model']]),
        answer(stage, home, 'model = "x"\n\n[mcp_servers.foo]\ncommand = "true"\n'),
      ],
      [
        'environmentConfig/read',
        read(stage, [['features', 'a']]),
        answer(stage, home, '[features]\na = true\n'),
      ],
      [
        'environmentConfig/read',
        read(stage, [['features', 'zz']]),
        answer(stage, home, '[features]\n'),
      ],
    ]);
  });

  scenario('a home without a configuration has no layer', async (stage) => {
    const { agent, home } = await openWithHome(stage, {});
    await agent.asks(
      'environmentConfig/read',
      read(stage, [['model']]),
      answer(stage, home, undefined),
    );
  });

  scenario('asks for at least one path, each with a key', async (stage) => {
    const agent = await stage.open();
    const cwd = stage.uri();
    await agent.talks([
      ['environmentConfig/read', { cwd }, refused(-32602, 'missing field `configPaths`')],
      [
        'environmentConfig/read',
        { cwd, configPaths: [] },
        refused(-32602, 'missing field `requirementsPaths`'),
      ],
      [
        'environmentConfig/read',
        read(stage, []),
        refused(-32602, 'at least one config or requirements path is required'),
      ],
      [
        'environmentConfig/read',
        read(stage, [[]]),
        refused(-32602, 'TOML paths must contain at least one key segment'),
      ],
    ]);
  });
});

const skill = (name: string) => `---\nname: ${name}\ndescription: skill ${name}\n---\nbody\n`;

conformance('capability discovery', (scenario) => {
  scenario('discoverV2 lists the skills of the Codex home', async (stage) => {
    const { agent, home } = await openWithHome(stage, { 'skills/s1/SKILL.md': skill('s1') });
    const skills = pathToFileURL(join(home, 'skills')).href;
    await agent.asks(
      'capabilities/discoverV2',
      { cwd: stage.uri() },
      ok({
        plugins: [],
        skills: [
          {
            name: 's1',
            description: 'skill s1',
            shortDescription: null,
            path: `${skills}/s1/SKILL.md`,
            discoveryRoot: { id: 'codex-home-skills', path: skills },
            dependencies: null,
            policy: null,
          },
        ],
        warnings: [],
      }),
    );
  });

  scenario('discoverV1 reads the skills below the roots it is given', async (stage) => {
    const agent = await stage.open();
    await mkdir(join(stage.folder, 'skills', 's2'), { recursive: true });
    await writeFile(join(stage.folder, 'skills', 's2', 'SKILL.md'), skill('s2'));
    await agent.talks([
      ['capabilityRoots/discoverV1', { roots: [] }, ok({ roots: [] })],
      [
        'capabilityRoots/discoverV1',
        { roots: [{ id: 'a', path: stage.uri() }] },
        ok({
          roots: [
            {
              id: 'a',
              path: stage.uri(),
              plugin: null,
              skills: [
                {
                  instructions: {
                    path: stage.uri('skills', 's2', 'SKILL.md'),
                    contents: skill('s2'),
                  },
                  metadata: null,
                },
              ],
              namespaceManifests: [],
              warnings: [],
              error: null,
            },
          ],
        }),
      ],
      ['capabilityRoots/discoverV1', { roots: [{}] }, refused(-32602, 'missing field `id`')],
      [
        'capabilityRoots/discoverV1',
        { roots: [{ id: 'a' }] },
        refused(-32602, 'missing field `path`'),
      ],
    ]);
  });
});
