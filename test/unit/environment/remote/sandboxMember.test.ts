import { describe, expect, it } from 'vitest';
import { sandboxMemberOf } from '../../../../src/environment/remote/sandboxMember';
import type { Sandbox } from '../../../../src/environment/sandbox';
import { formatPath } from '../../../../src/protocol/pathText';
import { SandboxSchema } from '../../../../src/protocol/sandboxMessages';
import { requestedSandbox } from '../../../../src/server/handlers/requestedSandbox';

const sandboxes: readonly [string, Sandbox][] = [
  ['no network', { files: 'unrestricted', network: 'restricted' }],
  ['nothing at all', { files: [], network: 'enabled' }],
  [
    'every kind of place and access',
    {
      files: [
        { place: { kind: 'path', path: '/' }, access: 'read' },
        { place: { kind: 'path', path: '/with space/%41ä' }, access: 'write' },
        { place: { kind: 'path', path: '/with space/.git' }, access: 'none' },
        { place: { kind: 'glob', pattern: '/work/**/[.]env' }, access: 'none' },
        { place: { kind: 'minimal' }, access: 'read' },
        { place: { kind: 'temporaryDirectory' }, access: 'write' },
      ],
      network: 'restricted',
    },
  ],
];

describe.each(['uri', 'native'] as const)('a sandbox written with paths of the form %s', (form) => {
  it.each(sandboxes)('is read as what it was: %s', (_name, sandbox) => {
    const member = sandboxMemberOf(sandbox, (path) => formatPath(path, form, 'posix'));
    const received: unknown = JSON.parse(JSON.stringify(member));
    expect(requestedSandbox(SandboxSchema.parse(received), 'posix')).toEqual(sandbox);
  });
});

it('names the member without which the measured peer refuses it', () => {
  const sandbox: Sandbox = { files: 'unrestricted', network: 'restricted' };
  expect(sandboxMemberOf(sandbox, (path) => path)).toEqual({
    permissions: {
      type: 'managed',
      file_system: { type: 'unrestricted' },
      network: 'restricted',
    },
    windowsSandboxLevel: 'disabled',
  });
});
