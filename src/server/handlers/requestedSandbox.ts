import type { Environment } from '../../environment/environment';
import type { FileSystem } from '../../environment/fileSystem';
import type { AccessRule, RulePlace, Sandbox } from '../../environment/sandbox';
import { literalPattern } from '../../environment/sandbox';
import { invalidParams, invalidRequest } from '../../protocol/errorCodes';
import type { PathStyle } from '../../protocol/pathStyle';
import { isAbsolute, joinPath, parsePathText } from '../../protocol/pathText';
import type { SandboxEntry, SandboxMember } from '../../protocol/sandboxMessages';

/**
 * The sandbox a request asks for, with its places as native paths of the style; `undefined` when it asks
 * for none.
 *
 * @throws RpcError for a rule that cannot be enforced: the caller must not believe in one that is not kept.
 */
export function requestedSandbox(
  member: SandboxMember | null | undefined,
  style: PathStyle,
): Sandbox | undefined {
  if (member == null) return undefined;
  const { permissions } = member;
  if (permissions.type === 'disabled') return undefined;
  const restricted =
    permissions.type === 'managed' && permissions.file_system.type === 'restricted'
      ? permissions.file_system.entries
      : undefined;
  if (restricted === undefined && permissions.network === 'enabled') return undefined;
  const request = { member, style };
  return {
    files: restricted?.flatMap((entry) => rulesOf(entry, request)) ?? 'unrestricted',
    network: permissions.network,
  };
}

/** The files of an environment as a request may use them. */
export function filesWithin(
  environment: Environment,
  member: SandboxMember | null | undefined,
): FileSystem {
  const sandbox = requestedSandbox(member, environment.pathStyle);
  // No file operation reaches the network.
  if (sandbox === undefined || sandbox.files === 'unrestricted') return environment.fileSystem;
  return environment.confinedFileSystem(sandbox);
}

/** What was asked for, and how the machine it is for writes paths. */
interface SandboxRequest {
  readonly member: SandboxMember;
  readonly style: PathStyle;
}

function rulesOf(entry: SandboxEntry, request: SandboxRequest): AccessRule[] {
  const access = entry.access === 'deny' ? 'none' : entry.access;
  return placesOf(entry, request).map((place) => ({ place, access }));
}

function placesOf({ path: place, access }: SandboxEntry, request: SandboxRequest): RulePlace[] {
  const { style } = request;
  const forbids = access === 'deny' || access === 'none';
  if (place.type === 'path') return [{ kind: 'path', path: parsePathText(place.path, style).path }];
  if (place.type === 'glob_pattern') {
    if (!forbids) throw invalidRequest('a sandbox can only deny what a glob pattern matches');
    return [{ kind: 'glob', pattern: absolutePattern(place.pattern, request) }];
  }
  const { kind, subpath } = place.value;
  switch (kind) {
    case 'root':
      return [{ kind: 'path', path: rootOf(style) }];
    case 'minimal':
      return [{ kind: 'minimal' }];
    case 'tmpdir':
      return [{ kind: 'temporaryDirectory' }];
    case 'slash_tmp':
      return style === 'posix' ? [{ kind: 'path', path: '/tmp' }] : [];
    case 'current_working_directory':
      return [{ kind: 'path', path: cwdOf(request) }];
    case 'project_roots':
      return projectRootsOf(request).map((root) => ({
        kind: 'path',
        path: below(root, subpath, style),
      }));
    case 'unknown':
      // It grants nothing here, which is safe, but what it forbids would stay allowed.
      if (forbids)
        throw invalidRequest('the sandbox denies a place this exec-server does not know');
      return [];
  }
}

/** A backslash separates names there and quotes wildcards in a pattern, so nothing is put together here. */
function windowsPattern(text: string): string {
  if (isAbsolute(text, 'windows')) return text;
  throw invalidRequest(`a sandbox denies by the pattern ${text}: write it as an absolute path`);
}

/** @throws RpcError where every drive has a root of its own, so that no one path holds all the others. */
function rootOf(style: PathStyle): string {
  if (style === 'posix') return '/';
  throw invalidRequest('a sandbox cannot name the root of a machine that has drives');
}

/** @throws RpcError for what could be taken for a path of other characters. */
function absolutePattern(text: string, request: SandboxRequest): string {
  const { style } = request;
  if (style === 'windows') return windowsPattern(text);
  const pattern = text.replace(/^file:\/\/(?=\/)/, '');
  if (/^file:/i.test(pattern) || (pattern !== text && pattern.includes('%'))) {
    throw invalidRequest(
      `a sandbox denies by the pattern ${text}: write it as a path and not as a URI`,
    );
  }
  return isAbsolute(pattern, style)
    ? pattern
    : joinPath(literalPattern(cwdOf(request)), pattern, style);
}

function projectRootsOf(request: SandboxRequest): string[] {
  const { member, style } = request;
  const roots = member.policyContext?.workspaceRoots ?? member.workspaceRoots;
  return roots?.map((root) => parsePathText(root, style).path) ?? [cwdOf(request)];
}

function cwdOf({ member, style }: SandboxRequest): string {
  const text = member.policyContext?.cwd ?? member.cwd;
  if (text == null) {
    throw invalidParams('file system sandbox context with dynamic permissions requires cwd');
  }
  return parsePathText(text, style).path;
}

function below(root: string, subpath: string | null | undefined, style: PathStyle): string {
  if (subpath == null) return root;
  if (isAnchored(subpath, style) || subpath.split(/[\\/]/).includes('..')) {
    throw invalidParams(`sandbox subpath '${subpath}' must stay below the project root`);
  }
  return joinPath(root, subpath, style);
}

/** On Windows a drive or a leading separator is enough to leave the root. */
function isAnchored(subpath: string, style: PathStyle): boolean {
  return style === 'windows' ? /^(?:[a-z]:|[\\/])/i.test(subpath) : isAbsolute(subpath, style);
}
