import { ok, refused } from './harness/agent';
import { conformance } from './harness/conformance';
import type { Stage } from './harness/conformance';

/** A tree with hidden names, links in circles, and names whose bytes sort otherwise than their letters. */
async function furnish(stage: Stage): Promise<void> {
  const agent = await stage.open();
  const script =
    'mkdir -p .hidden sub/deep; echo x > .hidden/h; echo x > in; echo x > sub/z; echo x > sub/deep/d;' +
    'echo x > .dot; echo x > B; echo x > a; echo x > 10; echo x > 9; echo x > é; echo x > "sp ace";' +
    'ln -s .. sub/parent; ln -s sub toSub; ln -s in toIn; ln -s nowhere dangling; mkfifo fifo';
  await agent.runs(stage.shell('mk', script));
}

const wide = {
  maxDepth: 10,
  maxDirectories: 100,
  maxEntries: 100,
  followDirectorySymlinks: false,
};

conformance('fs/walk', (scenario) => {
  const walk = (stage: Stage, more = {}, ...names: string[]) => ({
    path: stage.uri(...names),
    options: { ...wide, ...more },
  });

  /** Directories end with a slash here. */
  const found = (stage: Stage, names: readonly string[], truncated = false) =>
    ok({
      entries: names.map((name) => ({
        path: stage.uri(...name.split('/').filter((part) => part !== '')),
        kind: name.endsWith('/') ? 'directory' : 'file',
      })),
      errors: [],
      truncated,
    });

  const level0 = ['.dot', '.hidden/', '10', '9', 'B', 'a', 'in', 'sp ace', 'sub/', 'é'];
  const level1 = ['.hidden/h', 'sub/deep/', 'sub/z'];

  scenario('goes breadth first, each directory in the order of bytes', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    await agent.asks('fs/walk', walk(stage), found(stage, [...level0, ...level1, 'sub/deep/d']));
  });

  scenario('names all of its options', async (stage) => {
    const agent = await stage.open();
    const path = stage.uri();
    await agent.asks('fs/walk', { path }, refused(-32602, 'missing field `options`'));
    for (const name of Object.keys(wide)) {
      const options = Object.fromEntries(Object.entries(wide).filter(([key]) => key !== name));
      await agent.asks('fs/walk', { path, options }, refused(-32602, `missing field \`${name}\``));
    }
  });

  scenario('a depth of nothing is the directory itself', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    await agent.talks([
      ['fs/walk', walk(stage, { maxDepth: 0 }), found(stage, level0)],
      ['fs/walk', walk(stage, { maxDepth: 1 }), found(stage, [...level0, ...level1])],
    ]);
  });

  scenario('hidden directories are listed, and entered unless told otherwise', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    await agent.asks(
      'fs/walk',
      walk(stage, { pruneHiddenDirectories: true }),
      found(stage, [...level0, 'sub/deep/', 'sub/z', 'sub/deep/d']),
    );
  });

  scenario('links to directories are followed if asked, each directory once', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    const { entries } = await agent.result<{ entries: { path: string; kind: string }[] }>(
      'fs/walk',
      walk(stage, { followDirectorySymlinks: true }),
    );
    const names = entries.map(({ path, kind }) => {
      const name = decodeURIComponent(path.slice(stage.uri().length + 1));
      return kind === 'directory' ? `${name}/` : name;
    });
    agent.sees(names, [
      '.dot',
      '.hidden/',
      '10',
      '9',
      'B',
      'a',
      'in',
      'sp ace',
      'sub/',
      'toSub/',
      'é',
      '.hidden/h',
      'sub/deep/',
      'sub/parent/',
      'sub/z',
      'sub/deep/d',
    ]);
  });

  scenario('says when a limit stopped it', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    await agent.talks([
      ['fs/walk', walk(stage, { maxEntries: 2 }), found(stage, ['.dot', '.hidden/'], true)],
      ['fs/walk', walk(stage, { maxDirectories: 1 }), found(stage, level0, true)],
    ]);
  });

  scenario('limits are more than nothing and have limits of their own', async (stage) => {
    const agent = await stage.open();
    const nothing = refused(-32600, 'filesystem walk limits must be greater than zero');
    const tooMuch = refused(
      -32600,
      'filesystem walk limits exceed maximums: depth=64, directories=10000, entries=50000',
    );
    await agent.talks([
      ['fs/walk', walk(stage, { maxEntries: 0 }), nothing],
      ['fs/walk', walk(stage, { maxDirectories: 0 }), nothing],
      ['fs/walk', walk(stage, { maxDepth: 65 }), tooMuch],
      ['fs/walk', walk(stage, { maxDirectories: 10_001 }), tooMuch],
      ['fs/walk', walk(stage, { maxEntries: 50_001 }), tooMuch],
      [
        'fs/walk',
        walk(stage, { maxDepth: 64, maxDirectories: 10_000, maxEntries: 50_000 }),
        found(stage, []),
      ],
    ]);
  });

  scenario(
    'what is no directory has nothing in it, what is not there is not found',
    async (stage) => {
      const agent = await stage.open();
      await furnish(stage);
      await agent.talks([
        ['fs/walk', walk(stage, {}, 'in'), found(stage, [])],
        ['fs/walk', walk(stage, {}, 'toSub'), found(stage, [])],
        [
          'fs/walk',
          walk(stage, {}, 'nothing'),
          refused(-32004, 'No such file or directory (os error 2)'),
        ],
      ]);
    },
  );
});
