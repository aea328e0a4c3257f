import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { base64, ok, refused } from './harness/agent';
import { conformance } from './harness/conformance';
import type { Stage } from './harness/conformance';
import { resume } from './harness/resume';

const absent = refused(-32004, 'No such file or directory (os error 2)');
const badDescriptor = refused(-32603, 'Bad file descriptor (os error 9)');
const blockLength = (what: string) =>
  refused(-32600, `file ${what} block length must be between 1 and 1048576`);
const unknown = (handleId: string) => refused(-32004, `unknown file handle \`${handleId}\``);

const open = (stage: Stage, handleId: string, name: string, mode?: string) => ({
  handleId,
  path: stage.uri(name),
  ...(mode === undefined ? {} : { mode }),
});

const read = (handleId: string, offset: number, len: number) => ({ handleId, offset, len });
const write = (handleId: string, offset: number, text: string) => ({
  handleId,
  offset,
  chunk: base64(text),
});

conformance('files in blocks', (scenario) => {
  scenario('a file is read anywhere, in any order', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'six'), 'abcdef');
    const block = (text: string, eof: boolean) => ok({ chunk: base64(text), eof });
    await agent.talks([
      ['fs/open', open(stage, 'h', 'six'), ok({ handleId: 'h' })],
      ['fs/readBlock', read('h', 4, 4), block('ef', true)],
      ['fs/readBlock', read('h', 0, 4), block('abcd', false)],
      // Only a block that is short is the last.
      ['fs/readBlock', read('h', 0, 6), block('abcdef', false)],
      ['fs/readBlock', read('h', 6, 4), block('', true)],
      ['fs/readBlock', read('h', 100, 4), block('', true)],
      ['fs/readBlock', read('h', 0, 1_048_576), block('abcdef', true)],
      ['fs/close', { handleId: 'h' }, ok()],
      ['fs/readBlock', read('h', 0, 1), unknown('h')],
    ]);
  });

  scenario('a block has at least one byte and at most a mebibyte', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'six'), 'abcdef');
    await agent.talks([
      ['fs/open', open(stage, 'r', 'six'), ok({ handleId: 'r' })],
      ['fs/open', open(stage, 'w', 'made', 'replace'), ok({ handleId: 'w' })],
      ['fs/readBlock', read('r', 0, 0), blockLength('read')],
      ['fs/readBlock', read('r', 0, 1_048_577), blockLength('read')],
      ['fs/writeBlock', write('w', 0, ''), blockLength('write')],
      ['fs/writeBlock', write('w', 0, 'x'.repeat(1_048_577)), blockLength('write')],
      ['fs/writeBlock', write('w', 0, 'x'.repeat(1_048_576)), ok()],
    ]);
    agent.sees((await stat(join(stage.folder, 'made'))).size, 1_048_576);
  });

  scenario('a file is written anywhere, at once and with zeros in its holes', async (stage) => {
    const agent = await stage.open();
    await agent.talks([
      ['fs/open', open(stage, 'w', 'made', 'replace'), ok({ handleId: 'w' })],
      ['fs/writeBlock', write('w', 0, 'hello '), ok()],
      ['fs/writeBlock', write('w', 6, 'world'), ok()],
      ['fs/writeBlock', write('w', 0, 'J'), ok()],
      ['fs/writeBlock', write('w', 13, 'far'), ok()],
    ]);
    agent.sees(await readFile(join(stage.folder, 'made'), 'utf8'), 'Jello world\0\0far');
    await agent.asks('fs/close', { handleId: 'w' }, ok());
  });

  scenario('replace empties at once, follows links and keeps the file', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'file'), 'before');
    await symlink('file', join(stage.folder, 'link'));
    const { ino } = await stat(join(stage.folder, 'file'));
    await agent.asks('fs/open', open(stage, 'w', 'link', 'replace'), ok({ handleId: 'w' }));
    const after = await stat(join(stage.folder, 'file'));
    agent.sees([after.size, after.ino === ino], [0, true]);
  });

  scenario('a handle is for reading or for writing', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'six'), 'abcdef');
    await agent.talks([
      ['fs/open', open(stage, 'r', 'six', 'read'), ok({ handleId: 'r' })],
      ['fs/open', open(stage, 'w', 'made', 'replace'), ok({ handleId: 'w' })],
      ['fs/writeBlock', write('r', 0, 'x'), badDescriptor],
      ['fs/readBlock', read('w', 0, 1), badDescriptor],
    ]);
  });

  scenario('what cannot be opened', async (stage) => {
    const agent = await stage.open();
    await mkdir(join(stage.folder, 'dir'));
    await agent.runs(stage.shell('mk', 'mkfifo fifo'));
    const notAFile = (name: string) =>
      refused(-32600, `path \`${join(stage.folder, name)}\` is not a file`);
    await agent.talks([
      ['fs/open', open(stage, 'h', 'nothing'), absent],
      ['fs/open', open(stage, 'h', 'dir'), notAFile('dir')],
      ['fs/open', open(stage, 'h', 'fifo'), notAFile('fifo')],
      [
        'fs/open',
        open(stage, 'h', 'dir', 'replace'),
        refused(-32603, 'Is a directory (os error 21)'),
      ],
      ['fs/open', open(stage, 'h', 'nothing/below', 'replace'), absent],
    ]);
  });

  scenario(
    'an id is the client’s, taken while it is open and free when it is closed',
    async (stage) => {
      const agent = await stage.open();
      await writeFile(join(stage.folder, 'six'), 'abcdef');
      await agent.talks([
        ['fs/open', open(stage, 'h', 'six'), ok({ handleId: 'h' })],
        ['fs/open', open(stage, 'h', 'six'), refused(-32600, 'file handle `h` already exists')],
        ['fs/open', open(stage, '', 'six'), ok({ handleId: '' })],
        ['fs/close', { handleId: 'h' }, ok()],
        ['fs/close', { handleId: 'h' }, ok()],
        ['fs/close', { handleId: 'never opened' }, ok()],
        ['fs/open', open(stage, 'h', 'six'), ok({ handleId: 'h' })],
      ]);
    },
  );

  scenario('at most 128 are open', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'six'), 'abcdef');
    const ids = Array.from({ length: 128 }, (_, index) => `h${index}`);
    await agent.talks(
      ids.map((id) => ['fs/open', open(stage, id, 'six'), ok({ handleId: id })] as const),
    );
    await agent.asks(
      'fs/open',
      open(stage, 'one more', 'six'),
      refused(-32600, 'at most 128 file handles may be open per connection'),
    );
  });

  scenario('handles belong to the connection, not to the session', async (stage) => {
    const first = await stage.open();
    await writeFile(join(stage.folder, 'six'), 'abcdef');
    await first.asks('fs/open', open(stage, 'h', 'six'), ok({ handleId: 'h' }));
    const other = await stage.open();
    await other.asks('fs/readBlock', read('h', 0, 1), unknown('h'));
    const second = await resume(stage, first);
    second.wire.notify('initialized');
    await second.asks('fs/readBlock', read('h', 0, 1), unknown('h'));
  });

  scenario('parameters are checked', async (stage) => {
    const agent = await stage.open();
    await agent.talks([
      ['fs/open', { handleId: 'h' }, refused(-32602, 'missing field `path`')],
      ['fs/readBlock', { handleId: 'h' }, refused(-32602, 'missing field `offset`')],
      ['fs/readBlock', { handleId: 'h', offset: 0 }, refused(-32602, 'missing field `len`')],
      ['fs/writeBlock', { handleId: 'h', offset: 0 }, refused(-32602, 'missing field `chunk`')],
    ]);
    for (const params of [read('h', -1, 1), read('h', 0, -1)]) {
      await agent.refuses('fs/readBlock', params, -32602);
    }
  });
});
