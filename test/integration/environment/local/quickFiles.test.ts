import { mkdir, readFile, readdir, rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { QuickFiles } from '../../../../src/environment/local/quickFiles';
import { until } from '../../../support/processFixtures';
import { useFileSystem } from './fileSystemFixture';

const content = Buffer.from('content');

/** Enough for a swap to fall between any two steps of a write. */
const ROUNDS = 2000;

const fixture = useFileSystem();
let quick: QuickFiles;

/** A folder is not quick before it is known to be. */
async function untilKnown(folder: string): Promise<void> {
  await writeFile(`${folder}/known`, content);
  await until(() => quick.read(`${folder}/known`) !== undefined, 'the folder is known');
  await unlink(`${folder}/known`);
}

beforeEach(async () => {
  quick = new QuickFiles(fixture.scope);
  await fixture.scope.resolved();
});

describe.runIf(process.platform === 'linux')('small files done at once', () => {
  it('are written where a link to their folder leads, and read from there', async () => {
    await mkdir(fixture.at('folder'));
    await symlink(fixture.at('folder'), fixture.at('link'));
    await untilKnown(fixture.at('link'));
    expect(quick.write(fixture.at('link/file'), content)).toBe(true);
    expect(await readFile(fixture.at('folder/file'))).toEqual(content);
    expect(quick.read(fixture.at('link/file'))).toEqual(content);
  });

  it('hold what was written last, no more of what was there, and nothing at all', async () => {
    await untilKnown(fixture.workspace);
    const file = fixture.at('file');
    const found = ['a long text', 'short', ''].map((text) => {
      const written = quick.write(file, Buffer.from(text));
      return [written, quick.read(file)?.toString()];
    });
    expect(found).toEqual([
      [true, 'a long text'],
      [true, 'short'],
      [true, ''],
    ]);
  });

  it('are left to the long way where the folder leads out or the file is a link', async () => {
    await symlink(fixture.outside, fixture.at('out'));
    await symlink('known', fixture.at('fileLink'));
    await untilKnown(fixture.at('out'));
    await untilKnown(fixture.workspace);
    expect([
      quick.write(fixture.at('out/file'), content),
      quick.write(fixture.at('fileLink'), content),
      quick.read(fixture.at('fileLink')),
      await readdir(fixture.outside),
    ]).toEqual([false, false, undefined, []]);
  });

  it('are never written outside while a link to their folder is swapped', async () => {
    await mkdir(fixture.at('folder'));
    await symlink(fixture.at('folder'), fixture.at('link'));
    await untilKnown(fixture.at('link'));
    const done = new AbortController();
    const swapping = (async () => {
      for (let turn = 0; !done.signal.aborted; turn += 1) {
        await symlink(turn % 2 === 0 ? fixture.outside : fixture.at('folder'), fixture.at('other'));
        await rename(fixture.at('other'), fixture.at('link'));
      }
    })();
    const outcomes = new Set<boolean>();
    for (let round = 0; round < ROUNDS || outcomes.size < 2; round += 1) {
      outcomes.add(quick.write(fixture.at('link/file'), content));
      if (round % 10 === 0) await new Promise(setImmediate);
    }
    done.abort();
    await swapping;
    expect([[...outcomes].sort(), await readdir(fixture.outside)]).toEqual([[false, true], []]);
  });
});
