import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { nullLogger } from '../../../src/base/logger';
import { MountPoints, isMountPoint } from '../../../src/environment/local/sandbox/mountPoints';
import { temporaryFolder } from '../../support/temporaryFolder';

let path: string;
const mountPoints = new MountPoints(nullLogger);

beforeEach(async () => {
  path = join(await temporaryFolder(), '.git');
});

describe.skipIf(process.platform === 'win32')('folders to mount on', () => {
  it('are there for as long as somebody holds them', () => {
    const first = mountPoints.hold([path]);
    // Another executor.
    const second = new MountPoints(nullLogger).hold([path]);
    expect([...first.held]).toEqual([path]);
    expect(isMountPoint(path)).toBe(true);
    first.dispose();
    expect(existsSync(path)).toBe(true);
    second.dispose();
    second.dispose();
    expect(existsSync(path)).toBe(false);
  });

  it('stay when they have become folders of the user', async () => {
    const hold = mountPoints.hold([path]);
    await writeFile(join(path, 'config'), '');
    expect(isMountPoint(path)).toBe(false);
    hold.dispose();
    expect(readdirSync(path)).toEqual(['config']);
  });

  it('lose the marks of executors that died, but not those of other containers', async () => {
    const { pid } = spawnSync('true');
    await mkdir(path);
    const probe = mountPoints.hold([path]);
    const [own = ''] = readdirSync(path);
    const markOf = (other: number) => own.replace(`-${process.pid}-`, `-${other}-`);
    const foreign = '.exec-server-sandbox-1-1-x';
    for (const name of [markOf(pid), markOf(1), foreign]) await writeFile(join(path, name), '');
    probe.dispose();
    mountPoints.hold([path]).dispose();
    expect(readdirSync(path).sort()).toEqual([foreign, markOf(1)].sort());
  });

  it('are no links', async () => {
    await symlink('/', path);
    expect(() => mountPoints.hold([path])).toThrow(expect.objectContaining({ code: -32600 }));
  });

  it('are told from folders that are empty or hold other things', async () => {
    expect(isMountPoint(path)).toBe(false);
    await mkdir(path);
    expect(isMountPoint(path)).toBe(false);
    await writeFile(join(path, 'HEAD'), '');
    expect(isMountPoint(path)).toBe(false);
  });
});
