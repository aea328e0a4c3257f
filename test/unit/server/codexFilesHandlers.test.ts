import { describe, expect, it, vi } from 'vitest';
import { defaultLimits } from '../../../src/base/limits';
import type {
  CapabilityDiscovery,
  CapabilityRoot,
} from '../../../src/environment/capabilityDiscovery';
import type { ConfigurationReader } from '../../../src/environment/configuration';
import { DisabledEnvironment } from '../../../src/environment/disabledEnvironment';
import type { Environment } from '../../../src/environment/environment';
import { ErrorCode } from '../../../src/protocol/errorCodes';
import { requests } from '../../../src/protocol/methods';
import { localPathStyle } from '../../../src/protocol/pathStyle';
import { describeParamsError } from '../../../src/protocol/paramErrors';
import { discoveryHandlers } from '../../../src/server/handlers/discoveryHandler';
import { environmentConfigHandlers } from '../../../src/server/handlers/environmentConfigHandler';

const read = vi.fn<ConfigurationReader['read']>();
const discoverInstalled = vi.fn<CapabilityDiscovery['discoverInstalled']>();
const inspectRoots = vi.fn<CapabilityDiscovery['inspectRoots']>();

const disabled = new DisabledEnvironment(() => {
  throw new Error('nobody asks for facts here');
});
const environment: Environment = {
  kind: 'local',
  pathStyle: localPathStyle,
  capabilities: { exec: true, filesystem: true },
  info: () => disabled.info(),
  processes: disabled.processes,
  fileSystem: disabled.fileSystem,
  confinedFileSystem: () => disabled.fileSystem,
  http: disabled.http,
  configuration: { read },
  discovery: { discoverInstalled, inspectRoots },
};

const config = environmentConfigHandlers(() => environment);
const discovery = discoveryHandlers(() => environment, defaultLimits);
const context = undefined;

const sandbox = { permissions: { type: 'managed', file_system: {}, network: 'restricted' } };

describe.skipIf(process.platform === 'win32')('environmentConfig/read', () => {
  it('asks with a native path and answers with URIs', async () => {
    const stack = {
      layers: [{ source: 'user (/h/c.toml)', baseDir: '/h a', toml: 'a = 1\n' }],
      cloudInsertionIndex: 0,
    };
    read.mockResolvedValueOnce({
      userHomeDir: '/h',
      codexHomeDir: '/h/.codex',
      hostname: 'host',
      config: stack,
      requirements: { layers: [], cloudInsertionIndex: 0 },
    });
    const paths = { configPaths: [['a']], requirementsPaths: [] };
    const answer = await config['environmentConfig/read'](
      { cwd: 'file:///work%20space', ...paths },
      context,
    );
    expect(read).toHaveBeenCalledWith({ cwd: '/work space', ...paths });
    expect(answer).toEqual({
      userHomeDir: 'file:///h',
      codexHomeDir: 'file:///h/.codex',
      hostname: 'host',
      config: { ...stack, layers: [{ ...stack.layers[0], baseDir: 'file:///h%20a' }] },
      requirements: { layers: [], cloudInsertionIndex: 0 },
    });
  });

  it.each([
    [{}, 'missing field `cwd`'],
    [{ cwd: 'file:///' }, 'missing field `configPaths`'],
    [{ cwd: 'file:///', configPaths: [] }, 'missing field `requirementsPaths`'],
    [
      { cwd: 'file:///', configPaths: [], requirementsPaths: [] },
      'at least one config or requirements path is required',
    ],
    [
      { cwd: 'file:///', configPaths: [['a'], []], requirementsPaths: [] },
      'TOML paths must contain at least one key segment',
    ],
  ])('refuses %j', (params, message) => {
    const parsed = requests['environmentConfig/read'].params.safeParse(params, {
      reportInput: true,
    });
    expect(parsed.success ? undefined : describeParamsError(parsed.error)).toBe(message);
  });
});

describe.skipIf(process.platform === 'win32')('capability discovery', () => {
  const nothing: CapabilityRoot = {
    plugin: undefined,
    skills: [],
    namespaceManifests: [],
    warnings: [],
    error: undefined,
  };

  it('answers what is installed with URIs', async () => {
    const found = {
      name: 'n',
      description: 'd',
      shortDescription: null,
      dependencies: null,
      policy: null,
    };
    const files = { manifest: { path: '/p/m', contents: '{}' }, mcpConfig: null, appsConfig: null };
    const plugin = { id: 'i', displayName: 'i', remotePluginId: null, version: '1', files };
    discoverInstalled.mockResolvedValueOnce({
      plugins: [{ ...plugin, root: '/p', skills: [{ ...found, path: '/p/s' }] }],
      skills: [{ ...found, path: '/s s', discoveryRoot: { id: 'r', path: '/s' } }],
      warnings: ['w'],
    });
    const answer = await discovery['capabilities/discoverV2']({ cwd: 'file:///absent' }, context);
    expect(answer).toEqual({
      plugins: [
        {
          ...plugin,
          root: 'file:///p',
          files: { ...files, manifest: { path: 'file:///p/m', contents: '{}' } },
          skills: [{ ...found, path: 'file:///p/s' }],
        },
      ],
      skills: [
        {
          ...found,
          path: 'file:///s%20s',
          discoveryRoot: { id: 'r', path: 'file:///s' },
        },
      ],
      warnings: ['w'],
    });
  });

  it('answers each root in its place, also one that names no place here', async () => {
    const instructions = { path: '/a/SKILL.md', contents: 'x' };
    inspectRoots.mockResolvedValueOnce([
      { ...nothing, skills: [{ instructions, metadata: undefined }] },
      { ...nothing, error: 'e' },
    ]);
    const answer = await discovery['capabilityRoots/discoverV1'](
      {
        roots: [
          { id: '1', path: 'file:///a' },
          { id: '2', path: 'file:///C:/x' },
          { id: '2', path: '/native' },
        ],
      },
      context,
    );
    const empty = { plugin: null, skills: [], namespaceManifests: [], warnings: [], error: null };
    expect(inspectRoots).toHaveBeenCalledWith(['/a', '/native']);
    expect(answer).toEqual({
      roots: [
        {
          ...empty,
          id: '1',
          path: 'file:///a',
          skills: [
            { instructions: { ...instructions, path: 'file:///a/SKILL.md' }, metadata: null },
          ],
        },
        {
          ...empty,
          id: '2',
          path: 'file:///C:/x',
          error: expect.stringMatching(
            /^failed to inspect capability root file:\/\/\/C:\/x: .*invalid/,
          ),
        },
        { ...empty, id: '2', path: '/native', error: 'e' },
      ],
    });
  });

  it('takes at most 128 roots', async () => {
    const roots = Array.from({ length: 129 }, () => ({ id: '', path: 'file:///a' }));
    const call = async () => discovery['capabilityRoots/discoverV1']({ roots }, context);
    await expect(call()).rejects.toMatchObject({
      code: ErrorCode.invalidRequest,
      message: 'capability root discovery accepts at most 128 roots',
    });
  });

  it('is refused where it would have to be confined', async () => {
    inspectRoots.mockClear();
    discoverInstalled.mockClear();
    const installed = async () =>
      discovery['capabilities/discoverV2']({ cwd: 'file:///', sandbox }, context);
    const roots = async () =>
      discovery['capabilityRoots/discoverV1']({ roots: [], sandbox }, context);
    await expect(installed()).rejects.toMatchObject({ code: ErrorCode.invalidRequest });
    await expect(roots()).rejects.toMatchObject({ code: ErrorCode.invalidRequest });
    expect([inspectRoots.mock.calls, discoverInstalled.mock.calls]).toEqual([[], []]);
  });
});
