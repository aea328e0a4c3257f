import { beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultLimits } from '../../../src/base/limits';
import { DisabledEnvironment } from '../../../src/environment/disabledEnvironment';
import type { EnvironmentInfo } from '../../../src/environment/environmentInfo';
import type { FileSystem, OpenFile } from '../../../src/environment/fileSystem';
import { LocalEnvironment } from '../../../src/environment/local/localEnvironment';
import { EncodedResult } from '../../../src/protocol/encodedResult';
import type { CallContext } from '../../../src/server/callContext';
import { fileHandleHandlers } from '../../../src/server/handlers/fileHandleHandler';
import { missingWatchHandlers } from '../../../src/server/handlers/missingWatchHandler';
import { MissingWatch } from '../../../src/server/missingWatch';
import { OpenFiles } from '../../../src/server/openFiles';
import { FakeAttachment } from '../../support/wireFakes';

const info: EnvironmentInfo = {
  shell: { name: 'sh', path: '/bin/sh' },
  executorVersion: '1.2.3',
  cwd: '/',
  userHomeDir: '/',
  platformOs: 'linux',
  temporaryDirectories: [],
  tempDir: '/tmp',
  features: {},
};

const file = {
  readBlock: vi.fn<OpenFile['readBlock']>(),
  writeBlock: vi.fn<OpenFile['writeBlock']>(),
  close: vi.fn<OpenFile['close']>(),
};
const open = vi.fn<FileSystem['open']>();
const watchMissing = vi.fn<FileSystem['watchMissing']>();
const disabled = new DisabledEnvironment(() => info);
const environment = new LocalEnvironment({
  info: () => info,
  processes: disabled.processes,
  fileSystem: { ...disabled.fileSystem, open, watchMissing },
  http: disabled.http,
  configuration: disabled.configuration,
  discovery: disabled.discovery,
});
const files = fileHandleHandlers(() => environment, defaultLimits);
const watches = missingWatchHandlers(() => environment);

let attachment: FakeAttachment;
let context: Pick<CallContext, 'openFiles' | 'missingWatch'>;

beforeEach(() => {
  vi.resetAllMocks();
  open.mockResolvedValue(file);
  attachment = new FakeAttachment();
  context = {
    openFiles: new OpenFiles(defaultLimits, () => undefined),
    missingWatch: new MissingWatch(attachment),
  };
});

const onUnix = describe.skipIf(process.platform === 'win32');

onUnix('handlers of open files', () => {
  const openAs = async (handleId: string) => files['fs/open']({ handleId, path: '/a' }, context);

  it('open for reading unless told otherwise, by either form of a path', async () => {
    const call = async (handleId: string, path: string, mode?: 'read' | 'replace') =>
      files['fs/open']({ handleId, path, mode }, context);
    expect(await call('', 'file:///a%20b')).toEqual({ handleId: '' });
    await call('r', '/a b', 'read');
    await call('w', '/a b', 'replace');
    expect(open.mock.calls).toEqual([
      ['/a b', 'read'],
      ['/a b', 'read'],
      ['/a b', 'replace'],
    ]);
  });

  it('answer a block as an encoded result', async () => {
    await openAs('h');
    file.readBlock.mockResolvedValue({ chunk: Buffer.from('hello'), eof: true });
    const answer = await files['fs/readBlock']({ handleId: 'h', offset: 3, len: 9 }, context);
    expect(answer).toEqual(new EncodedResult('chunk', Buffer.from('hello'), { eof: true }));
    expect(file.readBlock).toHaveBeenCalledWith(3, 9);
  });

  it('write what the chunk decodes to', async () => {
    await openAs('h');
    const params = { handleId: 'h', offset: 3, chunk: 'aGVsbG8=' };
    expect(await files['fs/writeBlock'](params, context)).toEqual({});
    expect(file.writeBlock).toHaveBeenCalledWith(3, Buffer.from('hello'));
  });

  it.each([0, 1024 ** 2 + 1, 2 ** 60])('refuse to read a block of %d bytes', async (len) => {
    const call = async () => files['fs/readBlock']({ handleId: 'h', offset: 0, len }, context);
    await expect(call()).rejects.toMatchObject({
      code: -32600,
      message: 'file read block length must be between 1 and 1048576',
    });
  });

  it.each([
    ['', -32600, 'file write block length must be between 1 and 1048576'],
    [
      Buffer.alloc(1024 ** 2 + 1).toString('base64'),
      -32600,
      'file write block length must be between 1 and 1048576',
    ],
    ['%%', -32602, 'Invalid symbol 37, offset 0.'],
    ['YQ', -32602, 'Invalid padding'],
  ])('refuse to write a wrong chunk', async (chunk, code, message) => {
    const call = async () => files['fs/writeBlock']({ handleId: 'h', offset: 0, chunk }, context);
    await expect(call()).rejects.toMatchObject({ code, message });
  });

  it('know handles of this connection only', async () => {
    const read = async () => files['fs/readBlock']({ handleId: 'h', offset: 0, len: 1 }, context);
    const write = async () =>
      files['fs/writeBlock']({ handleId: 'h', offset: 0, chunk: 'eA==' }, context);
    for (const call of [read, write]) {
      await expect(call()).rejects.toMatchObject({
        code: -32004,
        message: 'unknown file handle `h`',
      });
    }
    expect(await files['fs/close']({ handleId: 'h' }, context)).toEqual({});
  });

  it('refuse an id of more than 32 bytes', async () => {
    const refusal = { code: -32600, message: 'file handle ID must not exceed 32 bytes' };
    const handleId = 'é'.repeat(17);
    const calls = [
      async () => openAs(handleId),
      async () => files['fs/readBlock']({ handleId, offset: 0, len: 1 }, context),
      async () => files['fs/writeBlock']({ handleId, offset: 0, chunk: 'eA==' }, context),
      async () => files['fs/close']({ handleId }, context),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject(refusal);
    expect(open).not.toHaveBeenCalled();
    await openAs('é'.repeat(16));
  });
});

onUnix('the handler of fs/watchMissing', () => {
  const watch = async (watchId: number, members: object = {}) =>
    watches['fs/watchMissing']({ watchId, missing: ['file:///m'], ...members }, context);
  const changed = (watchId: number) => ({ method: 'fs/missingChanged', params: { watchId } });
  const held = () => ({ dispose: vi.fn<() => void>() });
  const later = () => new Promise((resolve) => setImmediate(resolve));

  it('notifies once, after the answer', async () => {
    watchMissing.mockImplementation((_paths, onDidChange) => {
      onDidChange();
      return Promise.resolve(held());
    });
    expect(await watch(5, { present: '/p' })).toEqual({ watching: true });
    expect(attachment.received).toEqual([]);
    await later();
    expect(attachment.received).toEqual([changed(5)]);
    expect(watchMissing.mock.calls[0]?.[0]).toEqual({ missing: ['/m'], present: '/p' });
  });

  it('keeps one watch for a connection, the last one asked for', async () => {
    const [first, second] = [held(), held()];
    watchMissing.mockResolvedValueOnce(first).mockResolvedValueOnce(second);
    await watch(1);
    await watch(2);
    expect(first.dispose).toHaveBeenCalledOnce();
    watchMissing.mock.calls[0]?.[1]();
    watchMissing.mock.calls[1]?.[1]();
    await later();
    expect(attachment.received).toEqual([changed(2)]);
    context.missingWatch.dispose();
    expect(second.dispose).toHaveBeenCalledOnce();
  });

  it.each([
    ['the place cannot be watched', {}],
    ['a path means nothing on this system', { missing: ['file:///C:/x'] }],
    ['the present one means nothing on this system', { present: 'file://host/x' }],
  ])('answers that it does not watch where %s, and ends the watch before', async (_, members) => {
    const before = held();
    watchMissing.mockResolvedValueOnce(before).mockResolvedValueOnce(undefined);
    await watch(1);
    expect(await watch(2, members)).toEqual({ watching: false });
    expect(before.dispose).toHaveBeenCalledOnce();
  });

  it('tells that everything may have changed when the place does, and is over', async () => {
    const before = held();
    watchMissing.mockResolvedValueOnce(before);
    await watch(1);
    context.missingWatch.fire();
    context.missingWatch.fire();
    await later();
    context.missingWatch.fire();
    await later();
    expect(attachment.received).toEqual([changed(1)]);
    expect(before.dispose).toHaveBeenCalledOnce();
  });

  it('tells nothing of a place that was never watched', async () => {
    watchMissing.mockResolvedValueOnce(undefined).mockRejectedValueOnce(new Error('broken'));
    await watch(1);
    context.missingWatch.fire();
    await expect(watch(2)).rejects.toThrow('broken');
    context.missingWatch.fire();
    await later();
    expect(attachment.received).toEqual([]);
  });

  it('lets go of a watch that arrives after the end of the connection', async () => {
    const late = held();
    watchMissing.mockImplementation(() => {
      context.missingWatch.dispose();
      return Promise.resolve(late);
    });
    await watch(1);
    expect(late.dispose).toHaveBeenCalledOnce();
  });
});
