import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Environment } from '../../../src/environment/environment';
import type { EnvironmentInfo } from '../../../src/environment/environmentInfo';
import { DisabledEnvironment } from '../../../src/environment/disabledEnvironment';
import type { FileSystem } from '../../../src/environment/fileSystem';
import { LocalEnvironment } from '../../../src/environment/local/localEnvironment';
import { EncodedResult } from '../../../src/protocol/encodedResult';
import { ErrorCode } from '../../../src/protocol/errorCodes';
import type { SandboxMember } from '../../../src/protocol/sandboxMessages';
import { environmentHandlers } from '../../../src/server/handlers/environmentHandler';
import { fileSystemHandlers } from '../../../src/server/handlers/fileSystemHandler';
import { defaultLimits } from '../../../src/base/limits';
import { refuseSandbox } from '../../../src/server/handlers/sandboxRefusal';
import { FakeClock } from '../../support/fakeClock';

const info: EnvironmentInfo = {
  shell: { name: 'bash', path: '/bin/bash' },
  executorVersion: '1.2.3',
  cwd: '/work space',
  userHomeDir: '/home/user',
  platformOs: 'linux',
  temporaryDirectories: ['/var/tmp'],
  tempDir: '/tmp',
  features: {},
};

const metadata = {
  isDirectory: false,
  isFile: true,
  isSymlink: false,
  size: 1,
  createdAtMs: 0,
  modifiedAtMs: 2,
};

const files = {
  getMetadata: vi.fn<FileSystem['getMetadata']>().mockResolvedValue(metadata),
  readFile: vi.fn<FileSystem['readFile']>().mockResolvedValue(Buffer.from('hello')),
  writeFile: vi.fn<FileSystem['writeFile']>().mockResolvedValue(),
  createDirectory: vi.fn<FileSystem['createDirectory']>().mockResolvedValue(),
  readDirectory: vi.fn<FileSystem['readDirectory']>().mockResolvedValue([]),
  canonicalize: vi.fn<FileSystem['canonicalize']>().mockResolvedValue('/real/a b'),
  remove: vi.fn<FileSystem['remove']>().mockResolvedValue(),
  copy: vi.fn<FileSystem['copy']>().mockResolvedValue(),
  walk: vi.fn<FileSystem['walk']>(),
  open: vi.fn<FileSystem['open']>(),
  watchMissing: vi.fn<FileSystem['watchMissing']>(),
};

const disabled = new DisabledEnvironment(() => info);
const local = new LocalEnvironment({
  info: () => info,
  processes: disabled.processes,
  http: disabled.http,
  configuration: disabled.configuration,
  discovery: disabled.discovery,
  fileSystem: files,
});

const walkOptions = {
  maxDepth: 6,
  maxDirectories: 10,
  maxEntries: 20,
  followDirectorySymlinks: true,
};

let current: Environment = local;
const handlers = fileSystemHandlers(() => current, { maxWalkReplyBytes: 300 });
const context = undefined;

beforeEach(() => {
  current = local;
  vi.clearAllMocks();
});

describe.skipIf(process.platform === 'win32')('fs handlers', () => {
  it('take absent and null members for the defaults of the wire', async () => {
    const path = 'file:///a%20b';
    for (const absent of [undefined, null]) {
      const one = { path, followSymlinks: absent };
      await handlers['fs/getMetadata'](one, context);
      await handlers['fs/createDirectory']({ ...one, recursive: absent }, context);
      await handlers['fs/remove']({ ...one, recursive: absent, force: absent }, context);
    }
    const follow = { followSymlinks: true };
    expect(files.getMetadata.mock.calls).toEqual([
      ['/a b', follow],
      ['/a b', follow],
    ]);
    expect(files.createDirectory).toHaveBeenLastCalledWith('/a b', { ...follow, recursive: true });
    expect(files.remove).toHaveBeenLastCalledWith('/a b', {
      ...follow,
      recursive: true,
      force: true,
    });
  });

  it('hand on what is said', async () => {
    const one = { path: '/a b', followSymlinks: false };
    await handlers['fs/remove']({ ...one, recursive: false, force: false }, context);
    await handlers['fs/copy'](
      { sourcePath: '/x/../y', destinationPath: 'file:///z', recursive: true },
      context,
    );
    expect(files.remove).toHaveBeenCalledWith('/a b', {
      followSymlinks: false,
      recursive: false,
      force: false,
    });
    expect(files.copy).toHaveBeenCalledWith('/y', '/z', { recursive: true });
  });

  it('answer with what the environment gave', async () => {
    const answers = [
      await handlers['fs/getMetadata']({ path: '/a' }, context),
      await handlers['fs/readDirectory']({ path: '/a' }, context),
      await handlers['fs/writeFile']({ path: '/a', dataBase64: 'aGVsbG8=' }, context),
      await handlers['fs/createDirectory']({ path: '/a' }, context),
      await handlers['fs/remove']({ path: '/a' }, context),
    ];
    expect(answers).toEqual([metadata, { entries: [] }, {}, {}, {}]);
    expect(files.writeFile.mock.calls[0]?.[1].toString()).toBe('hello');
  });

  it('answer a file as an encoded result', async () => {
    const answer = await handlers['fs/readFile']({ path: '/a' }, context);
    expect(answer).toEqual(new EncodedResult('dataBase64', Buffer.from('hello')));
  });

  it('answer paths in the form in which they were asked', async () => {
    expect(await handlers['fs/canonicalize']({ path: 'file:///l' }, context)).toEqual({
      path: 'file:///real/a%20b',
    });
    expect(await handlers['fs/canonicalize']({ path: '/l' }, context)).toEqual({
      path: '/real/a b',
    });
  });

  it.each([
    ['file:///a%20b', 'file:///a%20b/c%23', 'file:///a%20b/d'],
    ['/a b', '/a b/c#', '/a b/d'],
  ])('answer what a walk of %j found in that form', async (path, entry, error) => {
    files.walk.mockResolvedValueOnce({
      entries: [{ path: '/a b/c#', kind: 'file' }],
      errors: [{ path: '/a b/d', message: 'why' }],
      truncated: false,
    });
    expect(await handlers['fs/walk']({ path, options: walkOptions }, context)).toEqual({
      entries: [{ path: entry, kind: 'file' }],
      errors: [{ path: error, message: 'why' }],
      truncated: false,
    });
    expect(files.walk).toHaveBeenCalledWith('/a b', walkOptions);
  });

  it('end the reply of a walk at its limit and say so', async () => {
    // A path counts with 64 bytes on top: three of 36 fit into 300, a fourth does not.
    const entry = { path: `/${'x'.repeat(28)}`, kind: 'file' } as const;
    const walk = async (count: number) => {
      const entries = Array.from({ length: count }, () => entry);
      files.walk.mockResolvedValueOnce({ entries, errors: [], truncated: false });
      return handlers['fs/walk']({ path: 'file:///', options: walkOptions }, context);
    };
    const listed = { path: `file://${entry.path}`, kind: 'file' };
    expect(await walk(3)).toEqual({ entries: Array(3).fill(listed), errors: [], truncated: false });
    expect(await walk(4)).toEqual({ entries: Array(3).fill(listed), errors: [], truncated: true });
  });

  it.each([
    ['%%%', 'Invalid symbol 37, offset 0.'],
    ['YQ', 'Invalid padding'],
    ['_-8=', 'Invalid symbol 95, offset 0.'],
  ])('refuse the content %j and touch nothing', async (dataBase64, fault) => {
    const call = async () => handlers['fs/writeFile']({ path: '/a', dataBase64 }, context);
    await expect(call()).rejects.toMatchObject({
      code: -32600,
      message: `fs/writeFile requires valid base64 dataBase64: ${fault}`,
    });
    expect(files.writeFile).not.toHaveBeenCalled();
  });

  it('refuse a path of another system', async () => {
    const call = async () => handlers['fs/getMetadata']({ path: 'file:///C:/x' }, context);
    await expect(call()).rejects.toMatchObject({ code: -32600 });
  });

  it('ask for the environment at every call', async () => {
    await handlers['fs/getMetadata']({ path: '/a' }, context);
    current = disabled;
    const call = async () => handlers['fs/getMetadata']({ path: '/a' }, context);
    await expect(call()).rejects.toMatchObject({ code: ErrorCode.capabilityDisabled });
    current = local;
    await handlers['fs/getMetadata']({ path: '/a' }, context);
    expect(files.getMetadata).toHaveBeenCalledTimes(2);
  });
});

const managed: SandboxMember = {
  permissions: {
    type: 'managed',
    file_system: { type: 'restricted', entries: [] },
    network: 'restricted',
  },
};

describe('a sandbox', () => {
  it.each([undefined, null, { permissions: { type: 'disabled' }, cwd: 'file:///' }])(
    'that asks for nothing is none: %j',
    (sandbox) => {
      expect(() => {
        refuseSandbox(sandbox);
      }).not.toThrow();
    },
  );

  it.each([
    managed,
    { permissions: { type: 'external' } },
    { permissions: { type: 'Disabled' } },
    { permissions: null },
    { permissions: 'disabled' },
    {},
    [],
    true,
    false,
    0,
    'disabled',
  ])('that may ask for something is refused: %j', (sandbox) => {
    expect(() => {
      refuseSandbox(sandbox);
    }).toThrow(
      expect.objectContaining({
        code: -32600,
        message: expect.stringMatching(/^this exec-server cannot enforce a sandbox; .*full access/),
      }),
    );
  });

  it('is refused by every method where it cannot be enforced, before anything is touched', async () => {
    const params = {
      path: '/a',
      sourcePath: '/a',
      destinationPath: '/b',
      recursive: true,
      dataBase64: '',
      options: walkOptions,
      sandbox: managed,
    };
    for (const [method, handler] of Object.entries(handlers)) {
      const call = async () => handler(params, context);
      await expect(call(), method).rejects.toMatchObject({ code: -32600 });
    }
    for (const method of Object.values(files)) expect(method).not.toHaveBeenCalled();
  });
});

describe('environment handlers', () => {
  const environment = environmentHandlers(() => current, {
    clock: new FakeClock(),
    limits: defaultLimits,
  });

  it.skipIf(process.platform === 'win32')('tell the facts with URIs for paths', () => {
    const described = {
      shell: { name: 'bash', path: '/bin/bash' },
      executorVersion: '1.2.3',
      cwd: 'file:///work%20space',
      userHomeDir: 'file:///home/user',
      platformOs: 'linux',
      temporaryDirectories: ['file:///var/tmp'],
      tempDir: 'file:///tmp',
    };
    const on = { exec: true, filesystem: true };
    const info = () => environment['environment/info'](undefined, context);
    expect(info()).toEqual({ ...described, capabilities: on });
    current = disabled;
    const off = { exec: false, filesystem: false };
    expect(info()).toEqual({ ...described, capabilities: off });
  });

  it('are ready exactly when the environment is on', async () => {
    const status = async () => environment['environment/status']({}, context);
    expect(await status()).toEqual({ status: 'ready' });
    current = disabled;
    await expect(status()).rejects.toMatchObject({ code: ErrorCode.capabilityDisabled });
  });
});
