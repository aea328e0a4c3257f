import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ok, refused } from './harness/agent';
import type { OpenAgent, Stage } from './harness/conformance';
import { conformance } from './harness/conformance';
import { differs } from './harness/difference';

const watch = (
  stage: Stage,
  watchId: number,
  missing: readonly string[],
  present: string | null = null,
) => ({
  watchId,
  missing: missing.map((name) => stage.uri(name)),
  present: present === null ? null : stage.uri(present),
});

/** Waits until a watch has fired. */
async function fires(agent: OpenAgent, watchId: number): Promise<void> {
  await agent.wire.next((message) => {
    const { method, params } = message as { method?: string; params?: { watchId?: number } };
    return method === 'fs/missingChanged' && params?.watchId === watchId;
  });
}

const watching = (value: boolean) => ok({ watching: value });

conformance('fs/watchMissing', (scenario) => {
  scenario('tells once that something appeared', async (stage) => {
    const agent = await stage.open();
    await agent.asks('fs/watchMissing', watch(stage, 1, ['a', 'b']), watching(true));
    await writeFile(join(stage.folder, 'b'), '');
    await fires(agent, 1);
    await writeFile(join(stage.folder, 'a'), '');
    await agent.asks('fs/watchMissing', watch(stage, 2, ['c']), watching(true));
    await writeFile(join(stage.folder, 'c'), '');
    await fires(agent, 2);
    agent.sees(
      agent.wire.received.filter((message) => 'method' in message),
      [1, 2].map((watchId) => ({ method: 'fs/missingChanged', params: { watchId } })),
    );
  });

  scenario('tells of a directory on the way too', async (stage) => {
    const agent = await stage.open();
    await agent.asks('fs/watchMissing', watch(stage, 2, ['dir/sub/file']), watching(true));
    await mkdir(join(stage.folder, 'dir'));
    await fires(agent, 2);
  });

  scenario('tells of a change or the end of the file that is there', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'there'), 'x');
    await agent.asks('fs/watchMissing', watch(stage, 3, ['a'], 'there'), watching(true));
    await appendFile(join(stage.folder, 'there'), 'y');
    await fires(agent, 3);
    await agent.asks('fs/watchMissing', watch(stage, 4, ['a'], 'there'), watching(true));
    await rm(join(stage.folder, 'there'));
    await fires(agent, 4);
  });

  scenario('one watch a connection: the next replaces it', async (stage) => {
    const agent = await stage.open();
    await agent.talks([
      ['fs/watchMissing', watch(stage, 5, ['a']), watching(true)],
      ['fs/watchMissing', watch(stage, 6, ['b']), watching(true)],
    ]);
    await writeFile(join(stage.folder, 'a'), '');
    await writeFile(join(stage.folder, 'b'), '');
    await fires(agent, 6);
    agent.sees(
      agent.wire.received.some((message) => JSON.stringify(message).includes('"watchId":5')),
      false,
    );
  });

  scenario('says when it does not watch', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'there'), '');
    const many = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);
    await agent.talks([
      ['fs/watchMissing', watch(stage, 1, []), watching(false)],
      ['fs/watchMissing', watch(stage, 2, ['there']), watching(false)],
      ['fs/watchMissing', watch(stage, 3, ['a'], 'nothing'), watching(false)],
      ['fs/watchMissing', watch(stage, 4, many(65)), watching(false)],
      ['fs/watchMissing', watch(stage, 5, many(64)), watching(true)],
    ]);
  });

  scenario('an id that is not larger than those before', async (stage) => {
    const agent = await stage.open();
    await agent.asks('fs/watchMissing', watch(stage, 5, ['a']), watching(true));
    for (const id of [5, 3, 0]) {
      await agent.asks(
        'fs/watchMissing',
        watch(stage, id, ['b']),
        differs({
          ours: watching(true),
          peer: watching(false),
          because:
            'requests of a connection take effect in the order sent, so no id comes too late',
        }),
      );
    }
  });

  scenario('parameters are checked', async (stage) => {
    const agent = await stage.open();
    await agent.talks([
      ['fs/watchMissing', { missing: [] }, refused(-32602, 'missing field `watchId`')],
      ['fs/watchMissing', { watchId: 1 }, refused(-32602, 'missing field `missing`')],
    ]);
  });
});
