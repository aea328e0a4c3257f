import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startServer } from '../../support/execServerHarness';
import { WireClient } from '../../support/wireClient';
import { failOnLeaks, until } from '../../support/wireLeaks';

failOnLeaks();

const BLOCK = 256 * 1024;
const onLinux = process.platform === 'linux';
const uri = (path: string) => pathToFileURL(path).href;

/** Descriptors of this process, in which the server runs, that lead to a path. */
function descriptorsOf(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => linkTarget(`/proc/self/fd/${fd}`) === path)
    .length;
}

/** Directories and files this process has the kernel watch. */
function kernelWatches(): number {
  const facts = readdirSync('/proc/self/fdinfo').map((fd) => textOf(`/proc/self/fdinfo/${fd}`));
  return facts.join('').split(/^inotify wd:/m).length - 1;
}

/** A descriptor may be gone by the time it is looked at, as that of the listing itself always is. */
function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function setUp() {
  const { url, workspace } = await startServer();
  const client = await WireClient.open(url);
  return { url, client, workspace, at: (name: string) => join(workspace, name) };
}

describe('files held open by a connection', () => {
  it('are copied block by block, exactly', async () => {
    const { client, at } = await setUp();
    const content = Buffer.alloc(
      3 * BLOCK + 7,
      'no two blocks are alike because 61 is prime, or so',
    );
    await writeFile(at('from'), content);
    await client.request('fs/open', { handleId: 'from', path: uri(at('from')) });
    await client.request('fs/open', { handleId: 'to', path: uri(at('to')), mode: 'replace' });
    const ends: boolean[] = [];
    for (let offset = 0; !ends.includes(true); offset += BLOCK) {
      const block = { handleId: 'from', offset, len: BLOCK };
      const reply = await client.request('fs/readBlock', block);
      const { chunk, eof } = reply as { chunk: string; eof: boolean };
      expect(await client.request('fs/writeBlock', { handleId: 'to', offset, chunk })).toEqual({});
      ends.push(eof);
    }
    expect(await client.request('fs/close', { handleId: 'to' })).toEqual({});
    await client.close();
    expect(ends).toEqual([false, false, false, true]);
    expect(content.equals(await readFile(at('to')))).toBe(true);
  });

  it('take effect in the order sent, however many are on their way', async () => {
    const { client, at } = await setUp();
    await client.request('fs/open', { handleId: 'w', path: at('w'), mode: 'replace' });
    await client.request('fs/open', { handleId: 'r', path: at('w') });
    const replies = Array.from({ length: 40 }, async (_, index) => {
      const chunk = Buffer.from(String(index % 10)).toString('base64');
      void client.call('fs/writeBlock', { handleId: 'w', offset: 0, chunk });
      return client.request('fs/readBlock', { handleId: 'r', offset: 0, len: 1 });
    });
    const read = (await Promise.all(replies)).map((reply) =>
      Buffer.from((reply as { chunk: string }).chunk, 'base64').toString(),
    );
    await client.close();
    expect(read.join('')).toBe('0123456789'.repeat(4));
  });

  it('are at most 128, and closing one makes room', async () => {
    const { client, at } = await setUp();
    await writeFile(at('a'), '');
    const open = (index: number) =>
      client.call('fs/open', { handleId: `h${index}`, path: at('a') });
    for (let index = 0; index < 128; index += 1) await open(index);
    const refused = await open(128);
    await client.request('fs/close', { handleId: 'h5' });
    const opened = await open(128);
    await client.close();
    expect({ refused, opened }).toEqual({
      refused: {
        error: { code: -32600, message: 'at most 128 file handles may be open per connection' },
      },
      opened: { result: { handleId: 'h128' } },
    });
  });

  it('end with the connection, not with the session', async () => {
    const { url, client, at } = await setUp();
    await writeFile(at('a'), 'a');
    await client.request('fs/open', { handleId: 'h', path: at('a') });
    if (onLinux) expect(descriptorsOf(at('a'))).toBe(1);
    client.cut();
    await client.closed;
    const resumed = await WireClient.open(url, client.sessionId);
    const reply = await resumed.call('fs/readBlock', { handleId: 'h', offset: 0, len: 1 });
    await resumed.close();
    if (onLinux) await until(() => descriptorsOf(at('a')) === 0, 'the file is closed');
    expect(reply).toEqual({ error: { code: -32004, message: 'unknown file handle `h`' } });
  });
});

describe('a walk', () => {
  it('is answered in the form in which it was asked', async () => {
    const { client, at, workspace } = await setUp();
    await mkdir(at('sp ace'));
    await writeFile(at('sp ace/#'), '');
    const options = {
      maxDepth: 6,
      maxDirectories: 2000,
      maxEntries: 20_000,
      followDirectorySymlinks: true,
      pruneHiddenDirectories: true,
    };
    const byUri = await client.request('fs/walk', { path: uri(workspace), options });
    const byPath = await client.request('fs/walk', { path: workspace, options });
    await client.close();
    const result = (form: (path: string) => string) => ({
      entries: [
        { path: form(at('sp ace')), kind: 'directory' },
        { path: form(at('sp ace/#')), kind: 'file' },
      ],
      errors: [],
      truncated: false,
    });
    expect({ byUri, byPath }).toEqual({ byUri: result(uri), byPath: result(String) });
  });
});

describe.runIf(onLinux)('a watch of missing files', () => {
  const watch = (client: WireClient, watchId: number, ...missing: string[]) =>
    client.request('fs/watchMissing', { watchId, missing: missing.map(uri), present: null });
  const told = (client: WireClient) =>
    client.received
      .filter(({ method }) => method === 'fs/missingChanged')
      .map(({ params }) => params);

  it('tells its connection once, and the last one asked for is the only one', async () => {
    const { client, at } = await setUp();
    const answers = [
      await watch(client, 1, at('a')),
      await watch(client, 2, at('b'), at('deep/er/c')),
    ];
    await writeFile(at('a'), '');
    await mkdir(at('deep'));
    await client.next(({ method }) => method === 'fs/missingChanged');
    answers.push(await watch(client, 3, at('a')));
    await writeFile(at('b'), '');
    answers.push(await watch(client, 4, at('d')));
    await writeFile(at('d'), '');
    await client.next(({ params }) => (params as { watchId?: number } | undefined)?.watchId === 4);
    await client.close();
    expect({ answers, told: told(client) }).toEqual({
      answers: [{ watching: true }, { watching: true }, { watching: false }, { watching: true }],
      told: [{ watchId: 2 }, { watchId: 4 }],
    });
  });

  it('ends with the connection and leaves no watcher behind', async () => {
    const { url, client, at } = await setUp();
    const before = kernelWatches();
    expect(await watch(client, 1, at('a'))).toEqual({ watching: true });
    expect(kernelWatches()).toBeGreaterThan(before);
    client.cut();
    await client.closed;
    const resumed = await WireClient.open(url, client.sessionId);
    expect(await watch(resumed, 2, at('b'))).toEqual({ watching: true });
    await writeFile(at('a'), '');
    await writeFile(at('b'), '');
    await resumed.next(({ method }) => method === 'fs/missingChanged');
    await resumed.close();
    await until(() => kernelWatches() === before, 'nothing is watched');
    expect(told(resumed)).toEqual([{ watchId: 2 }]);
  });
});
