import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { useExecutorBundle } from '../../support/executorProcess';
import { HttpPeer } from '../../support/httpPeer';
import { temporaryFolder } from '../../support/temporaryFolder';
import { WireClient } from '../../support/wireClient';

const { start } = useExecutorBundle();

/** An executor whose user has these files in the Codex home. */
async function executorWith(files: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    CODEX_HOME: folder,
    TOOLS_TOKEN: 's3cret',
  };
  const executor = start(['--ws-auth', 'none', '--workspace', folder], { env });
  const client = await WireClient.open(await executor.firstLine());
  return { client, folder, executor };
}

it('tells a client of the tool servers its user has set up, and carries requests to them', async () => {
  const tools = await HttpPeer.start((_request, response) => {
    response.end('{}');
  });
  const { client, folder, executor } = await executorWith({
    'config.toml': `[mcp_servers.tools]\nurl = "${tools.url}/mcp"\n`,
    'skills/greet/SKILL.md': '---\nname: greet\ndescription: greets\n---\n',
  });
  const cwd = pathToFileURL(folder).href;
  const config = await client.request('environmentConfig/read', {
    cwd,
    configPaths: [['mcp_servers']],
    requirementsPaths: [],
  });
  const discovered = await client.request('capabilities/discoverV2', { cwd });
  const answer = await client.request('http/request', {
    method: 'POST',
    url: `${tools.url}/mcp`,
    headers: [{ name: 'authorization', value: 'Bearer ', valueEnvVar: 'TOOLS_TOKEN' }],
    requestId: 'http-1',
  });
  await client.close();
  await executor.stop('SIGTERM');
  expect(config).toMatchObject({
    codexHomeDir: cwd,
    config: { layers: [{ toml: `[mcp_servers.tools]\nurl = "${tools.url}/mcp"\n` }] },
  });
  expect(discovered).toMatchObject({ skills: [{ name: 'greet', description: 'greets' }] });
  expect(answer).toMatchObject({ status: 200, bodyBase64: 'e30=' });
  expect(tools.lastHeader('authorization')).toEqual(['Bearer s3cret']);
  expect(executor.stderr).not.toContain('s3cret');
});

it('keeps what only such requests need out of what every start has to read', async () => {
  const { scripts } = JSON.parse(
    await readFile(new URL('../../../package.json', import.meta.url), 'utf8'),
  ) as { scripts: { build: string } };
  for (const library of ['httpLibrary', 'textLibraries']) {
    expect(scripts.build).toContain(` ${library}=src/environment/local/${library}.ts `);
    expect(scripts.build).toContain(` --external:./${library}.js `);
  }
});
