import { expect, it } from 'vitest';
import { ProcessTable, readProcess } from '../../../../src/environment/local/processTable';
import type { ProcessRecord } from '../../../../src/environment/local/processTable';
import { ProcessTree } from '../../../../src/environment/local/processTree';
import {
  isAlive,
  printedPids,
  script,
  until,
  useLocalBackend,
} from '../../../support/processFixtures';

const { start } = useLocalBackend();

/** Shows every process of a tree as it was before it opened a session of its own. */
class EarlierTable extends ProcessTable {
  constructor(private readonly leader: number) {
    super();
  }

  override read(): readonly ProcessRecord[] {
    return super
      .read()
      .map((record) =>
        record.parentPid === this.leader
          ? { ...record, groupId: this.leader, sessionId: this.leader }
          : record,
      );
  }
}

it('kills a process that leaves the group between the look and the signal', async () => {
  const watch = await start(script('setsid sleep 1000 & echo pid $$; echo own $!; wait'));
  await watch.untilText(/own \d+\n/);
  const [leader = 0] = printedPids(watch.text, 'pid');
  const [own = 0] = printedPids(watch.text, 'own');
  await until(() => readProcess(own)?.groupId === own, 'the child has a group of its own');
  new ProcessTree(leader, new EarlierTable(leader)).kill();
  await until(() => !isAlive(own), 'the child is gone');
  await watch.closed();
  expect(isAlive(leader)).toBe(false);
});
