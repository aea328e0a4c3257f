import { chmod, chown, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/base/limits';
import { resolveView } from '../../../src/environment/local/sandbox/resolveView';
import type { Access, AccessRule, RulePlace } from '../../../src/environment/sandbox';
import { temporaryFolder } from '../../support/temporaryFolder';

let folder: string;
let project: string;

const context = {
  temporaryDirectory: undefined as string | undefined,
  secrets: [] as string[],
  limits: { ...defaultLimits, maxSandboxGlobEntries: 20, maxSandboxGlobMatches: 5 },
};

const rule = (path: string, access: Access): AccessRule => ({
  place: { kind: 'path', path },
  access,
});
const view = (rules: readonly AccessRule[], more: Partial<typeof context> = {}) =>
  resolveView({ files: rules, network: 'restricted' }, { ...context, ...more });

/** The places of a view, those with a `!` are missing. */
async function placesOf(rules: readonly AccessRule[], more: Partial<typeof context> = {}) {
  const { places } = await view(rules, more);
  return Object.fromEntries(
    places.map(({ path, access, missing }) => [
      path.replace(folder, '') + (missing === true ? '!' : ''),
      access,
    ]),
  );
}

beforeEach(async () => {
  folder = await temporaryFolder();
  project = join(folder, 'project');
  await mkdir(join(project, 'sub'), { recursive: true });
});

const guards = (path: string, access: Access = 'read') =>
  Object.fromEntries(
    ['.git', '.agents', '.codex', '.aws'].map((name) => [`${path}/${name}!`, access]),
  );

describe.skipIf(process.platform === 'win32')('the view of a sandbox', () => {
  it('guards four names in each writable folder, unless a rule is about them', async () => {
    await mkdir(join(project, '.git'));
    const rules = [rule('/', 'read'), rule(project, 'write')];
    expect(await placesOf(rules)).toEqual({
      '/': 'read',
      '/project': 'write',
      '/project/.git': 'read',
      '/project/.agents!': 'read',
      '/project/.codex!': 'read',
      '/project/.aws!': 'read',
    });
    const given = [
      ...rules,
      rule(join(project, '.git'), 'write'),
      rule(join(project, '.aws'), 'write'),
    ];
    expect(await placesOf(given)).toMatchObject({ '/project/.git': 'write' });
    expect(Object.keys(await placesOf(given))).not.toContain('/project/.aws!');
  });

  it('guards the repository that a `.git` file points to, where it could be written', async () => {
    const repository = join(folder, 'store', 'repository');
    await mkdir(repository, { recursive: true });
    await writeFile(join(project, '.git'), `gitdir: ${repository}\n`);
    const rules = [rule('/', 'read'), rule(project, 'write')];
    expect(await placesOf(rules)).not.toHaveProperty('/store/repository');
    expect(await placesOf([...rules, rule(join(folder, 'store'), 'write')])).toMatchObject({
      '/project/.git': 'read',
      '/store/repository': 'read',
    });
  });

  it('covers the first missing name of a restricted place, if it could be made', async () => {
    const rules = [
      rule('/', 'read'),
      rule(project, 'write'),
      rule(join(project, 'a', 'b'), 'none'),
      rule(join(project, 'sub', 'c'), 'read'),
      rule(join(folder, 'elsewhere'), 'none'),
      rule(join(folder, 'later'), 'write'),
    ];
    expect(await placesOf(rules)).toEqual({
      '/': 'read',
      '/project': 'write',
      '/project/a!': 'none',
      '/project/sub/c!': 'read',
      ...guards('/project'),
    });
  });

  it('takes the strictest of several rules for a place, but writing includes reading', async () => {
    const sub = join(project, 'sub');
    const both = async (...accesses: Access[]) =>
      (await placesOf(accesses.map((access) => rule(sub, access))))['/project/sub'];
    expect(await both('read', 'write')).toBe('write');
    expect(await both('write', 'read')).toBe('write');
    expect(await both('write', 'none')).toBe('none');
  });

  it('means what links lead to, and remembers the name where it would not be seen', async () => {
    const link = join(folder, 'link');
    await symlink(project, link);
    const { places, aliases } = await view([rule(join(link, 'sub'), 'read')]);
    expect(places.map(({ path }) => path)).toEqual([join(project, 'sub')]);
    expect(aliases).toEqual([{ name: join(link, 'sub'), path: join(project, 'sub') }]);
    const { aliases: none } = await view([rule('/', 'read'), rule(link, 'write')]);
    expect(none).toEqual([]);
  });

  it('refuses a rule that a program could lead elsewhere', async () => {
    await symlink(folder, join(project, '.agents'));
    await expect(view([rule('/', 'read'), rule(project, 'write')])).rejects.toMatchObject({
      code: -32600,
      message: expect.stringContaining('symbolic link'),
    });
    expect(await placesOf([rule(project, 'read')])).toEqual({ '/project': 'read' });
    // Or a grant.
    await symlink(folder, join(project, 'sub', 'way'));
    const given = [rule(join(project, 'sub'), 'write'), rule(join(project, 'sub', 'way'), 'write')];
    await expect(view(given)).rejects.toMatchObject({ code: -32600 });
  });

  it('refuses a restriction whose way leads nowhere, and passes over such a grant', async () => {
    const loop = join(folder, 'loop');
    await symlink(loop, loop);
    await writeFile(join(folder, 'file'), '');
    for (const path of [loop, join(folder, 'file', 'below')]) {
      await expect(view([rule(path, 'none')])).rejects.toMatchObject({ code: -32600 });
      expect(await placesOf([rule(path, 'write')])).toEqual({});
    }
    await expect(view([rule('/proc/1', 'none')])).rejects.toMatchObject({ code: -32600 });
  });

  it('hides what patterns match, and refuses more than it can compare', async () => {
    await mkdir(join(project, 'sub', 'deep'));
    for (const name of ['.env', 'a.txt', 'sub/.env', 'sub/deep/b.env']) {
      await writeFile(join(project, name), '');
    }
    const matched = async (pattern: string) => {
      const place: RulePlace = { kind: 'glob', pattern: join(project, pattern) };
      const { places } = await view([{ place, access: 'none' }]);
      return places.map(({ path }) => path.slice(project.length + 1)).sort();
    };
    expect(await matched('**/*.env')).toEqual(['.env', 'sub/.env', 'sub/deep/b.env']);
    expect(await matched('*/.env')).toEqual(['sub/.env']);
    expect(await matched('[ab].txt')).toEqual(['a.txt']);
    expect(await matched('[!b].t?t')).toEqual(['a.txt']);
    expect(await matched('sub/**')).toEqual(['sub/.env', 'sub/deep', 'sub/deep/b.env']);
    expect(await matched('.env')).toEqual(['.env']);
    for (let index = 0; index < 6; index += 1) await writeFile(join(project, `${index}.env`), '');
    await expect(matched('**/*.env')).rejects.toMatchObject({ code: -32600 });
  });

  it('refuses a restriction behind a folder that the program could open again', async () => {
    const sub = join(project, 'sub');
    await writeFile(join(sub, 'key'), '');
    await chmod(sub, 0);
    const ours = process.geteuid?.() ?? 0;
    // Nothing is closed to root.
    const user = ours === 0 ? 65_534 : ours;
    for (const path of [folder, project, sub]) await chown(path, user, -1);
    const hidden = rule(join(sub, 'key'), 'none');
    const place: RulePlace = { kind: 'glob', pattern: join(project, '**', 'key') };
    const rest = rule('/', 'write');
    process.seteuid?.(user);
    try {
      for (const rules of [
        [rest, hidden],
        [rule(sub, 'write')],
        [rest, { place, access: 'none' }],
      ]) {
        await expect(view(rules as AccessRule[])).rejects.toMatchObject({ code: -32600 });
      }
      const secrets = [join(sub, 'key')];
      await expect(view([rest], { secrets })).rejects.toMatchObject({ code: -32600 });
      expect(await placesOf([rule(join(sub, 'key'), 'write')])).toEqual({});
    } finally {
      process.seteuid?.(ours);
      await chmod(sub, 0o700);
    }
  });

  it('hides files that hold tokens, as long as they are there', async () => {
    const secret = join(project, 'state.json');
    await writeFile(secret, '');
    const secrets = [secret, join(project, 'absent'), project];
    const places = await placesOf([rule(project, 'write')], { secrets });
    expect(places).toMatchObject({ '/project/state.json': 'none', '/project': 'write' });
    expect(Object.keys(places)).not.toContain('/project/absent!');
  });

  it('takes the temporary directory of the program', async () => {
    const rules: AccessRule[] = [{ place: { kind: 'temporaryDirectory' }, access: 'write' }];
    expect(await placesOf(rules)).toEqual({});
    expect(await placesOf(rules, { temporaryDirectory: project })).toMatchObject({
      '/project': 'write',
    });
  });

  it('has an identity that changes with the files at its places, and with nothing else', async () => {
    const rules = [rule('/', 'read'), rule(project, 'write')];
    const identity = async () => (await view(rules)).identity;
    const first = await identity();
    await writeFile(join(project, 'file'), 'content');
    expect(await identity()).toBe(first);
    await mkdir(join(project, '.git'));
    const second = await identity();
    expect(second).not.toBe(first);
    await rm(join(project, '.git'), { recursive: true });
    expect(await identity()).toBe(first);
  });
});
