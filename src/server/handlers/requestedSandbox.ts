import { isAbsolute, join } from 'node:path';
import type { Environment } from '../../environment/environment';
import type { FileSystem } from '../../environment/fileSystem';
import type { AccessRule, RulePlace, Sandbox } from '../../environment/sandbox';
import { literalPattern } from '../../environment/sandbox';
import { invalidParams, invalidRequest } from '../../protocol/errorCodes';
import { parsePathText } from '../../protocol/pathText';
import type { SandboxEntry, SandboxMember } from '../../protocol/sandboxMessages';

/**
 * The sandbox a request asks for, with its places as native paths; `undefined` when it asks for none.
 *
 * @throws RpcError for a rule that cannot be enforced: the caller must not believe in one that is not kept.
 */
export function requestedSandbox(member: SandboxMember | null | undefined): Sandbox | undefined {
  if (member == null) return undefined;
  const { permissions } = member;
  if (permissions.type === 'disabled') return undefined;
  const restricted =
    permissions.type === 'managed' && permissions.file_system.type === 'restricted'
      ? permissions.file_system.entries
      : undefined;
  if (restricted === undefined && permissions.network === 'enabled') return undefined;
  return {
    files: restricted?.flatMap((entry) => rulesOf(entry, member)) ?? 'unrestricted',
    network: permissions.network,
  };
}

/** The files of an environment as a request may use them. */
export function filesWithin(
  environment: Environment,
  member: SandboxMember | null | undefined,
): FileSystem {
  const sandbox = requestedSandbox(member);
  // No file operation reaches the network.
  if (sandbox === undefined || sandbox.files === 'unrestricted') return environment.fileSystem;
  return environment.confinedFileSystem(sandbox);
}

function rulesOf(entry: SandboxEntry, member: SandboxMember): AccessRule[] {
  const access = entry.access === 'deny' ? 'none' : entry.access;
  return placesOf(entry, member).map((place) => ({ place, access }));
}

function placesOf({ path: place, access }: SandboxEntry, member: SandboxMember): RulePlace[] {
  const forbids = access === 'deny' || access === 'none';
  if (place.type === 'path') return [{ kind: 'path', path: parsePathText(place.path).path }];
  if (place.type === 'glob_pattern') {
    if (!forbids) throw invalidRequest('a sandbox can only deny what a glob pattern matches');
    return [{ kind: 'glob', pattern: absolutePattern(place.pattern, member) }];
  }
  const { kind, subpath } = place.value;
  switch (kind) {
    case 'root':
      return [{ kind: 'path', path: '/' }];
    case 'minimal':
      return [{ kind: 'minimal' }];
    case 'tmpdir':
      return [{ kind: 'temporaryDirectory' }];
    case 'slash_tmp':
      return [{ kind: 'path', path: '/tmp' }];
    case 'current_working_directory':
      return [{ kind: 'path', path: cwdOf(member) }];
    case 'project_roots':
      return projectRootsOf(member).map((root) => ({ kind: 'path', path: below(root, subpath) }));
    case 'unknown':
      // It grants nothing here, which is safe, but what it forbids would stay allowed.
      if (forbids)
        throw invalidRequest('the sandbox denies a place this exec-server does not know');
      return [];
  }
}

/** @throws RpcError for a URI that could be taken for a path of other characters. */
function absolutePattern(text: string, member: SandboxMember): string {
  const pattern = text.replace(/^file:\/\/(?=\/)/, '');
  if (/^file:/i.test(pattern) || (pattern !== text && pattern.includes('%'))) {
    throw invalidRequest(
      `a sandbox denies by the pattern ${text}: write it as a path and not as a URI`,
    );
  }
  return isAbsolute(pattern) ? pattern : join(literalPattern(cwdOf(member)), pattern);
}

function projectRootsOf(member: SandboxMember): string[] {
  const roots = member.policyContext?.workspaceRoots ?? member.workspaceRoots;
  return roots?.map((root) => parsePathText(root).path) ?? [cwdOf(member)];
}

function cwdOf({ policyContext, cwd }: SandboxMember): string {
  const text = policyContext?.cwd ?? cwd;
  if (text == null) {
    throw invalidParams('file system sandbox context with dynamic permissions requires cwd');
  }
  return parsePathText(text).path;
}

function below(root: string, subpath: string | null | undefined): string {
  if (subpath == null) return root;
  if (isAbsolute(subpath) || subpath.split(/[\\/]/).includes('..')) {
    throw invalidParams(`sandbox subpath '${subpath}' must stay below the project root`);
  }
  return join(root, subpath);
}
