import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errorCodes';
import { startServer } from '../../support/execServerHarness';
import { temporaryFolder } from '../../support/temporaryFolder';
import { toolsOn } from '../../support/toolHarness';

describe('read_file', () => {
  it('numbers the lines and says what is left', async () => {
    const server = await startServer();
    await writeFile(join(server.workspace, 'f'), '\ufeffone\r\ntwo\nthree long\nfour');
    const { call } = toolsOn(server, { maxToolLineChars: 5 });
    expect([
      await call('read_file', { path: 'f', limit: 2 }),
      await call('read_file', { path: 'f', offset: 3 }),
      await call('read_file', { path: 'f', offset: 9 }),
    ]).toEqual([
      'L1: one\nL2: two\n… 2 more lines; go on with offset 3.',
      'L3: three… (5 more characters)\nL4: four',
      'The file has only 4 lines; there is no line 9.',
    ]);
  });

  it('refuses what is no text, too large, or no file', async () => {
    const server = await startServer();
    await writeFile(join(server.workspace, 'binary'), Buffer.from([1, 0, 2]));
    await writeFile(join(server.workspace, 'latin'), Buffer.from([0xe4, 0x0a]));
    await writeFile(join(server.workspace, 'large'), 'x'.repeat(100));
    const { call } = toolsOn(server, { maxToolFileBytes: 99 });
    const reasonOf = (path: string) =>
      call('read_file', { path }).catch((error: unknown) => String(error));
    expect(await Promise.all(['binary', 'latin', 'large', '.', 'none'].map(reasonOf))).toEqual([
      expect.stringContaining('it is not text in UTF-8'),
      expect.stringContaining('it is not text in UTF-8'),
      expect.stringContaining('it has 100 bytes, and at most 99'),
      expect.stringContaining('it is a directory'),
      expect.stringContaining('No such file or directory'),
    ]);
  });

  it('asks outside the open folders, also where a link leads there, and not inside', async () => {
    const server = await startServer();
    const outside = await temporaryFolder();
    await writeFile(join(outside, 'secret'), 'x');
    await symlink(outside, join(server.workspace, 'link'));
    await writeFile(join(server.workspace, 'f'), 'x');
    const { prepare } = toolsOn(server);
    const asks = async (path: string) =>
      (await prepare('read_file', { path })).question !== undefined;
    const paths = ['f', join(server.workspace, 'f'), 'none', 'link/secret', '../f', outside];
    expect(await Promise.all(paths.map(asks))).toEqual([false, false, false, true, true, true]);
  });
});

describe('list_dir', () => {
  it('lists in order, level by level, and page by page', async () => {
    const server = await startServer();
    await mkdir(join(server.workspace, 'b/deep'), { recursive: true });
    for (const name of ['a', 'b/x', 'b/deep/y', 'c\nd']) {
      await writeFile(join(server.workspace, name), '');
    }
    const { call } = toolsOn(server);
    const linesOf = async (input: object) =>
      (await call('list_dir', { path: server.workspace, ...input })).split('\n').slice(1);
    expect([
      await linesOf({}),
      await linesOf({ depth: 2 }),
      await linesOf({ depth: 3, offset: 2, limit: 2 }),
      await linesOf({ offset: 9 }),
    ]).toEqual([
      ['a', 'b/', '"c\\nd"'],
      ['a', 'b/', '  deep/', '  x', '"c\\nd"'],
      ['b/', '  deep/', '… more entries; go on with offset 4.'],
      ['There are only 3 entries.'],
    ]);
  });
});

describe('list_dir and links', () => {
  it('does not look behind a link to a folder, which can lead out of the open folders', async () => {
    const server = await startServer();
    const outside = await temporaryFolder();
    await writeFile(join(outside, 'secret'), 'x');
    await symlink(outside, join(server.workspace, 'link'));
    await mkdir(join(server.workspace, 'real'));
    await writeFile(join(server.workspace, 'real/f'), 'x');
    const { call, prepare } = toolsOn(server);
    const input = { path: '.', depth: 3 };
    expect([
      (await prepare('list_dir', input)).question,
      (await call('list_dir', input)).split('\n').slice(1),
    ]).toEqual([undefined, ['link/', 'real/', '  f']]);
  });
});

describe('view_image', () => {
  it('knows images by their first bytes', async () => {
    const server = await startServer();
    const { view } = toolsOn(server);
    const bytes = {
      png: Buffer.from('89504e470d0a1a0a00', 'hex'),
      jpeg: Buffer.from('ffd8ffe000', 'hex'),
      gif: Buffer.from('GIF89a...'),
      webp: Buffer.from('RIFF....WEBPVP8 '),
    };
    for (const [kind, content] of Object.entries(bytes)) {
      await writeFile(join(server.workspace, kind), content);
      expect(await view(kind)).toEqual({
        ...{ kind: 'image', mimeType: `image/${kind}`, bytes: content },
      });
    }
    await writeFile(join(server.workspace, 'text.png'), 'no image');
    await expect(view('text.png')).rejects.toThrow('it is no PNG, JPEG, GIF or WebP image');
  });
});

describe('apply_patch', () => {
  it('says what was done and what was not when a write fails half way', async () => {
    const server = await startServer();
    const outside = await temporaryFolder();
    // Outside of the write scope, which only the server knows: the temporary folder is inside of it.
    const forbidden = '/exec-server-forbidden/f';
    const input = [
      ...['*** Begin Patch', '*** Add File: first', '+1', `*** Add File: ${forbidden}`, '+2'],
      ...[`*** Add File: ${outside}/third`, '+3', '*** End Patch'],
    ].join('\n');
    await expect(toolsOn(server).call('apply_patch', { input })).rejects.toThrow(
      new RegExp(
        `^Failed to write ${forbidden}: .*writeScope.*\nDone before that:\n- write ${server.workspace}/first\n` +
          `Not done:\n- write ${forbidden}\n- write ${outside}/third$`,
      ),
    );
    expect(await readFile(join(server.workspace, 'first'), 'utf8')).toBe('1\n');
  });

  it('keeps a file that is moved to itself by way of a link', async () => {
    const server = await startServer();
    const { workspace } = server;
    await mkdir(join(workspace, 'folder'));
    await writeFile(join(workspace, 'folder/f'), 'x\n');
    await symlink('folder', join(workspace, 'link'));
    const input = [
      ...['*** Begin Patch', '*** Update File: folder/f', '*** Move to: link/f'],
      ...['@@', '-x', '+y', '*** End Patch'],
    ].join('\n');
    await toolsOn(server).call('apply_patch', { input });
    expect(await readFile(join(workspace, 'folder/f'), 'utf8')).toBe('y\n');
  });

  it('applies patches one after another', async () => {
    const server = await startServer();
    const { call } = toolsOn(server);
    await writeFile(join(server.workspace, 'f'), '0\n');
    const patches = [0, 1, 2, 3].map(
      (n) => `*** Begin Patch\n*** Update File: f\n@@\n-${n}\n+${n + 1}\n*** End Patch`,
    );
    await Promise.all(patches.map((input) => call('apply_patch', { input })));
    expect(await readFile(join(server.workspace, 'f'), 'utf8')).toBe('4\n');
  });

  it('asks with the list of files', async () => {
    const { prepare } = toolsOn(await startServer());
    const input = [
      ...['*** Begin Patch', '*** Delete File: a', '*** Update File: b', '*** Move to: c'],
      ...['@@', '-x', '*** Add File: d', '+x', '*** End Patch'],
    ].join('\n');
    expect(await prepare('apply_patch', { input })).toEqual({
      message: 'Changing 3 files on this machine',
      question: {
        title: 'Change 3 files on this machine?',
        markdown: '- Delete ` a `\n- Change ` b ` and move it to ` c `\n- Write ` d `',
      },
    });
  });

  it('tells in its question what is outside the open folders, also by a link in the path', async () => {
    const server = await startServer();
    const outside = await temporaryFolder();
    await writeFile(join(outside, 'f'), 'x\n');
    await symlink(outside, join(server.workspace, 'link'));
    await writeFile(join(server.workspace, 'inside'), 'x\n');
    const input = [
      ...['*** Begin Patch', '*** Delete File: link/f', '*** Add File: link/new/f', '+x'],
      ...[`*** Add File: ${outside}/g`, '+x', '*** Update File: inside', '*** Move to: link/i'],
      ...['@@', '-x', '+y', '*** End Patch'],
    ].join('\n');
    const { question } = await toolsOn(server).prepare('apply_patch', { input });
    expect(question?.markdown.split('\n')).toEqual([
      `- Delete \` link/f \` (outside the open folders: \` ${outside}/f \`)`,
      `- Write \` link/new/f \` (outside the open folders: \` ${outside}/new/f \`)`,
      `- Write \` ${outside}/g \` (outside the open folders)`,
      `- Change \` inside \` and move it to \` link/i \` (outside the open folders: \` ${outside}/i \`)`,
    ]);
  });

  it('names every file in its question, however many there are', async () => {
    const { prepare } = toolsOn(await startServer());
    const files = Array.from({ length: 300 }, (_, index) => `*** Add File: f${index}\n+x`);
    const input = ['*** Begin Patch', ...files, '*** End Patch'].join('\n');
    const { question } = await prepare('apply_patch', { input });
    expect(question?.markdown.split('\n')).toEqual(
      files.map((_, index) => `- Write \` f${index} \``),
    );
  });

  it('is refused by the server where files are off, whoever still holds the tool', async () => {
    const server = await startServer({ settings: { filesystemEnabled: false } });
    const input = '*** Begin Patch\n*** Add File: f\n+x\n*** End Patch';
    await expect(toolsOn(server).call('apply_patch', { input })).rejects.toMatchObject({
      code: ErrorCode.capabilityDisabled,
    });
  });
});
