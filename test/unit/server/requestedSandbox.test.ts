import { describe, expect, it } from 'vitest';
import { localPathStyle } from '../../../src/protocol/pathStyle';
import type { SandboxEntry, SandboxMember } from '../../../src/protocol/sandboxMessages';
import { SandboxSchema } from '../../../src/protocol/sandboxMessages';
import { requestedSandbox } from '../../../src/server/handlers/requestedSandbox';

const special = (
  kind:
    | 'root'
    | 'minimal'
    | 'current_working_directory'
    | 'project_roots'
    | 'tmpdir'
    | 'slash_tmp'
    | 'unknown',
  access: SandboxEntry['access'],
  subpath?: string,
): SandboxEntry => ({ path: { type: 'special', value: { kind, subpath } }, access });

const glob = (pattern: string, access: SandboxEntry['access']): SandboxEntry => ({
  path: { type: 'glob_pattern', pattern },
  access,
});

const restricted = (entries: SandboxEntry[], more: Partial<SandboxMember> = {}): SandboxMember => ({
  permissions: {
    type: 'managed',
    file_system: { type: 'restricted', entries },
    network: 'restricted',
  },
  cwd: 'file:///work',
  ...more,
});

const filesOf = (member: SandboxMember) => requestedSandbox(member, localPathStyle)?.files;
const path = (name: string, access: string) => ({ place: { kind: 'path', path: name }, access });

describe.skipIf(process.platform === 'win32')('a requested sandbox', () => {
  it.each<SandboxMember | null | undefined>([
    undefined,
    null,
    { permissions: { type: 'disabled' } },
    { permissions: { type: 'external', network: 'enabled' } },
    { permissions: { type: 'managed', file_system: { type: 'unrestricted' }, network: 'enabled' } },
  ])('asks for nothing: %j', (member) => {
    expect(requestedSandbox(member, localPathStyle)).toBeUndefined();
  });

  it('may be about the network alone', () => {
    const expected = { files: 'unrestricted', network: 'restricted' };
    const external = { type: 'external', network: 'restricted' } as const;
    expect(requestedSandbox({ permissions: external }, localPathStyle)).toEqual(expected);
    const permissions = {
      type: 'managed',
      file_system: { type: 'unrestricted' },
      network: 'restricted',
    } as const;
    expect(requestedSandbox({ permissions }, localPathStyle)).toEqual(expected);
  });

  it('names places by their role, project roots each', () => {
    const member = restricted(
      [
        special('root', 'read'),
        special('minimal', 'read'),
        special('tmpdir', 'write'),
        special('slash_tmp', 'write'),
        special('current_working_directory', 'write'),
        special('project_roots', 'write'),
        special('project_roots', 'deny', '.git'),
        { path: { type: 'path', path: 'file:///a%20b' }, access: 'none' },
      ],
      { workspaceRoots: ['file:///one', '/two'] },
    );
    expect(filesOf(member)).toEqual([
      path('/', 'read'),
      { place: { kind: 'minimal' }, access: 'read' },
      { place: { kind: 'temporaryDirectory' }, access: 'write' },
      path('/tmp', 'write'),
      path('/work', 'write'),
      path('/one', 'write'),
      path('/two', 'write'),
      path('/one/.git', 'none'),
      path('/two/.git', 'none'),
      path('/a b', 'none'),
    ]);
  });

  it('means the places the policy was written for', () => {
    const entries = [
      special('project_roots', 'write'),
      special('current_working_directory', 'read'),
    ];
    const policyContext = { cwd: 'file:///policy', workspaceRoots: ['file:///root'] };
    const member = restricted(entries, { policyContext, workspaceRoots: ['file:///other'] });
    expect(filesOf(member)).toEqual([path('/root', 'write'), path('/policy', 'read')]);
    expect(filesOf(restricted(entries))).toEqual([path('/work', 'write'), path('/work', 'read')]);
  });

  it('needs to be told where it is, when its rules depend on that', () => {
    const member = restricted([special('project_roots', 'write')], { cwd: undefined });
    expect(() => requestedSandbox(member, localPathStyle)).toThrow(
      expect.objectContaining({
        code: -32602,
        message: 'file system sandbox context with dynamic permissions requires cwd',
      }),
    );
  });

  it('denies what patterns match, which can be written in three ways', () => {
    const files = filesOf(
      restricted([glob('**/*.env', 'deny'), glob('/a/*', 'none'), glob('file:///b/*', 'none')]),
    );
    const patterns = ['/work/**/*.env', '/a/*', '/b/*'];
    expect(files).toEqual(
      patterns.map((pattern) => ({ place: { kind: 'glob', pattern }, access: 'none' })),
    );
  });

  it('takes no wildcard from the folder that a pattern is relative to', () => {
    const member = restricted([glob('*.env', 'deny')], { cwd: 'file:///work/%5Bid%5D/{a}' });
    expect(filesOf(member)).toEqual([
      { place: { kind: 'glob', pattern: '/work/[[]id]/[{]a[}]/*.env' }, access: 'none' },
    ]);
  });

  it('grants nothing for a place the client did not know', () => {
    expect(filesOf(restricted([special('unknown', 'write')]))).toEqual([]);
  });

  it.each([
    ['grants by pattern', [glob('**', 'write')], -32600],
    ['restricts by pattern', [glob('**', 'read')], -32600],
    ['has an encoded pattern', [glob('file:///a%20b/*', 'deny')], -32600],
    ['has a pattern of another host', [glob('file://host/*', 'deny')], -32600],
    ['denies an unknown place', [special('unknown', 'deny')], -32600],
    ['leads out of the project', [special('project_roots', 'write', '../x')], -32602],
    ['leads to the root', [special('project_roots', 'write', '/')], -32602],
  ] as const)('is refused when a rule %s', (_what, entries, code) => {
    expect(() => requestedSandbox(restricted([...entries]), localPathStyle)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('a requested sandbox of a machine with drives', () => {
  const of = (entries: SandboxEntry[]) =>
    requestedSandbox(restricted(entries, { cwd: 'file:///C:/work' }), 'windows')?.files;

  it('has its places in the style of that machine', () => {
    const entries = [
      special('current_working_directory', 'write'),
      special('project_roots', 'read', '.git'),
      special('slash_tmp', 'write'),
      glob('D:\\**\\*.env', 'deny'),
    ];
    expect(of(entries)).toEqual([
      path('C:\\work', 'write'),
      path('C:\\work\\.git', 'read'),
      { place: { kind: 'glob', pattern: 'D:\\**\\*.env' }, access: 'none' },
    ]);
  });

  it.each([
    ['names a root', special('root', 'read')],
    ['is relative', glob('*.env', 'deny')],
    ['is a URI', glob('file:///C:/*.env', 'deny')],
    ['leaves the project by a drive', special('project_roots', 'write', 'D:x')],
    ['leaves the project by its root', special('project_roots', 'write', '\\x')],
  ])('is refused when a rule %s', (_what, entry) => {
    expect(() => of([entry])).toThrow(
      expect.objectContaining({ code: expect.toBeOneOf([-32600, -32602]) }),
    );
  });
});

describe('the sandbox schema', () => {
  const valid = restricted([special('root', 'read')]);
  const withPermissions = (more: object) => ({
    ...valid,
    permissions: { ...valid.permissions, ...more },
  });

  it('drops members that are for other platforms', () => {
    expect(SandboxSchema.parse({ ...valid, elsewhere: 'disabled' })).toEqual(valid);
  });

  it.each([
    withPermissions({ type: 'other' }),
    withPermissions({ network: 'some' }),
    withPermissions({ devices: 'none' }),
    withPermissions({ file_system: { type: 'other', entries: [] } }),
    withPermissions({ file_system: { type: 'restricted', entries: [], except: [] } }),
    restricted([{ ...special('root', 'read'), when: 'later' } as SandboxEntry]),
    restricted([{ ...special('root', 'read'), missing_path_behavior: 'make' } as never]),
    { cwd: 'file:///' },
    {},
  ])('refuses what could be a restriction it does not know: %j', (member) => {
    expect(SandboxSchema.safeParse(member).success).toBe(false);
  });
});
