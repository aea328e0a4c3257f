import type { SandboxEntry, SandboxMember } from '../../protocol/sandboxMessages';
import type { AccessRule, RulePlace, Sandbox } from '../sandbox';
import type { WritePath } from './remotePaths';

/**
 * A sandbox in the words of the wire, so that the remote enforces it: the reverse of `requestedSandbox`.
 * Every place is named by its path, so it depends on no working directory.
 */
export function sandboxMemberOf({ files, network }: Sandbox, writePath: WritePath): SandboxMember {
  return {
    permissions: {
      type: 'managed',
      file_system:
        files === 'unrestricted'
          ? { type: 'unrestricted' }
          : { type: 'restricted', entries: files.map((rule) => entryOf(rule, writePath)) },
      network,
    },
    windowsSandboxLevel: 'disabled',
  };
}

function entryOf({ place, access }: AccessRule, writePath: WritePath): SandboxEntry {
  return {
    path: placeOf(place, writePath),
    // Releases that know `none` take its earlier name too.
    access: access === 'none' ? 'deny' : access,
  };
}

function placeOf(place: RulePlace, writePath: WritePath): SandboxEntry['path'] {
  switch (place.kind) {
    case 'path':
      return { type: 'path', path: writePath(place.path) };
    case 'glob':
      return { type: 'glob_pattern', pattern: place.pattern };
    case 'minimal':
      return { type: 'special', value: { kind: 'minimal' } };
    case 'temporaryDirectory':
      return { type: 'special', value: { kind: 'tmpdir' } };
  }
}
