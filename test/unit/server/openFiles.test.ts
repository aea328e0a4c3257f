import { describe, expect, it, vi } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import type { OpenFile } from '../../../src/environment/fileSystem';
import { ErrorCode } from '../../../src/protocol/errorCodes';
import { OpenFiles } from '../../../src/server/openFiles';

function fakeFile() {
  return {
    readBlock: vi.fn<OpenFile['readBlock']>(),
    writeBlock: vi.fn<OpenFile['writeBlock']>(),
    close: vi.fn<OpenFile['close']>().mockResolvedValue(),
  };
}

function setUp(maxOpenFilesPerConnection = 2) {
  const failures: unknown[] = [];
  const files = new OpenFiles({ maxOpenFilesPerConnection }, (error) => failures.push(error));
  return { files, failures };
}

const unknownHandle = expect.objectContaining({
  code: ErrorCode.notFound,
  message: 'unknown file handle `a`',
});

describe('the open files of a connection', () => {
  it('are found by their id until they are closed', async () => {
    const { files } = setUp();
    const file = fakeFile();
    await files.open('a', () => Promise.resolve(file));
    expect(files.get('a')).toBe(file);
    await files.close('a');
    expect(file.close).toHaveBeenCalledOnce();
    expect(() => files.get('a')).toThrow(unknownHandle);
    await files.close('a');
  });

  it('keep an id taken while its file is being opened, and free it when that fails', async () => {
    const { files } = setUp();
    const opened = new Deferred<OpenFile>();
    const opening = files.open('a', () => opened.promise);
    await expect(files.open('a', () => Promise.resolve(fakeFile()))).rejects.toMatchObject({
      code: ErrorCode.invalidRequest,
      message: 'file handle `a` already exists',
    });
    expect(() => files.get('a')).toThrow(unknownHandle);
    opened.reject(new Error('no such file'));
    await expect(opening).rejects.toThrow('no such file');
    await files.open('a', () => Promise.resolve(fakeFile()));
  });

  it('are bounded, and a taken id is told before the bound', async () => {
    const { files } = setUp();
    await files.open('a', () => Promise.resolve(fakeFile()));
    await files.open('b', () => Promise.resolve(fakeFile()));
    const open = vi.fn<() => Promise<OpenFile>>();
    await expect(files.open('c', open)).rejects.toMatchObject({
      code: ErrorCode.invalidRequest,
      message: 'at most 2 file handles may be open per connection',
    });
    await expect(files.open('b', open)).rejects.toMatchObject({
      message: 'file handle `b` already exists',
    });
    expect(open).not.toHaveBeenCalled();
    await files.close('a');
    await files.open('c', () => Promise.resolve(fakeFile()));
  });

  it('tell the client what closing failed with', async () => {
    const { files } = setUp();
    const file = fakeFile();
    file.close.mockRejectedValue(new Error('disk full'));
    await files.open('a', () => Promise.resolve(file));
    await expect(files.close('a')).rejects.toThrow('disk full');
    expect(() => files.get('a')).toThrow(unknownHandle);
  });

  it('are closed with the connection, those just being opened too', async () => {
    const { files, failures } = setUp();
    const [first, late] = [fakeFile(), fakeFile()];
    const failure = new Error('disk full');
    first.close.mockRejectedValue(failure);
    await files.open('a', () => Promise.resolve(first));
    const opened = new Deferred<OpenFile>();
    const opening = files.open('b', () => opened.promise);
    files.dispose();
    opened.resolve(late);
    await expect(opening).rejects.toMatchObject({ code: ErrorCode.notFound });
    expect(first.close).toHaveBeenCalledOnce();
    expect(late.close).toHaveBeenCalledOnce();
    expect(failures).toEqual([failure]);
    expect(() => files.get('b')).toThrow();
  });

  it('end together while the connection goes on, those just being opened too', async () => {
    const { files } = setUp();
    const [first, late, next] = [fakeFile(), fakeFile(), fakeFile()];
    await files.open('a', () => Promise.resolve(first));
    const opened = new Deferred<OpenFile>();
    const opening = files.open('b', () => opened.promise);
    files.endAll();
    expect(() => files.get('a')).toThrow(unknownHandle);
    await files.open('b', () => Promise.resolve(next));
    opened.resolve(late);
    await expect(opening).rejects.toMatchObject({ code: ErrorCode.notFound });
    expect(files.get('b')).toBe(next);
    expect([first, late, next].map(({ close }) => close.mock.calls.length)).toEqual([1, 1, 0]);
  });
});
