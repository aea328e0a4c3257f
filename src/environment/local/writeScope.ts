import { realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { ErrorCode, RpcError, invalidRequest, outsideWriteScope } from '../../protocol/errorCodes';
import { resolveLinks } from './resolveLinks';

/** Where agents may change files: in the folders given and the temporary directories, or anywhere. */
export interface WriteScopeSettings {
  readonly mode: 'workspace' | 'unrestricted';
  readonly roots: readonly string[];
}

/** The same with its folders resolved, for a process that shall not resolve them again. */
export interface ResolvedWriteScope {
  readonly mode: WriteScopeSettings['mode'];
  readonly realRoots: readonly string[];
}

/**
 * Decides where files may be changed. It judges real paths, so what a path looks like does not matter.
 * A hard link that somebody placed in a folder of the scope is a file of that folder.
 */
export interface WriteScope {
  /**
   * Resolves links and answers the real path to write to, which need not exist. With `keepLastLink` a
   * link at the very end is the thing meant and stays.
   *
   * @throws RpcError `outsideWriteScope`
   */
  resolveForWriting(path: string, options?: { readonly keepLastLink: boolean }): Promise<string>;

  /**
   * Judges a path known to be real, such as that of a directory held open.
   *
   * @throws RpcError `outsideWriteScope`, naming the path that was asked for.
   */
  requireInside(realPath: string, askedPath: string): Promise<void>;

  /**
   * The same for what shall disappear: a folder of the scope itself must stay, and so must everything
   * that contains one, because it is the user's to give up and not the agent's.
   */
  requireRemovable(realPath: string, askedPath: string): Promise<void>;
}

/** A scope made of folders. The settings may be replaced at any time and count from the next call on. */
export class FolderWriteScope implements WriteScope {
  private mode: WriteScopeSettings['mode'] = 'workspace';
  private realRoots: Promise<readonly string[]> = Promise.resolve([]);
  /** The same once they are known. */
  private knownRoots: readonly string[] | undefined;

  constructor(
    settings: WriteScopeSettings,
    private readonly temporaryDirectories: readonly string[] = systemTemporaryDirectories(),
  ) {
    this.update(settings);
  }

  /**
   * Roots are resolved here and not at each call: a root whose path is later turned into a link must not
   * widen the scope. One that does not exist yet counts under the name it will have.
   */
  update(settings: WriteScopeSettings): void {
    this.mode = settings.mode;
    const resolving = resolveRoots([...settings.roots, ...this.temporaryDirectories]);
    this.realRoots = resolving;
    this.knownRoots = undefined;
    void resolving.then((roots) => {
      // Settings that came meanwhile have roots of their own.
      if (this.realRoots === resolving) this.knownRoots = roots;
    });
  }

  /** Judges a real path at once, or not at all: `undefined` while the roots are being resolved. */
  allowsNow(realPath: string): boolean | undefined {
    if (this.mode === 'unrestricted') return true;
    return this.knownRoots?.some((root) => isInside(root, realPath));
  }

  /** What counts now. */
  async resolved(): Promise<ResolvedWriteScope> {
    const { mode } = this;
    return { mode, realRoots: await this.realRoots };
  }

  protected adopt({ mode, realRoots }: ResolvedWriteScope): void {
    this.mode = mode;
    this.realRoots = Promise.resolve(realRoots);
  }

  async resolveForWriting(
    path: string,
    options: { readonly keepLastLink: boolean } = { keepLastLink: false },
  ): Promise<string> {
    const real = options.keepLastLink ? await resolveParent(path) : await resolveLinks(path);
    await this.requireInside(real, path);
    return real;
  }

  async requireInside(realPath: string, askedPath: string): Promise<void> {
    if (this.mode === 'unrestricted') return;
    const roots = await this.realRoots;
    if (!roots.some((root) => isInside(root, realPath))) throw outsideWriteScope(askedPath);
  }

  async requireRemovable(realPath: string, askedPath: string): Promise<void> {
    if (dirname(realPath) === realPath) {
      throw invalidRequest(`refused to remove ${askedPath}: it is the root of a file system`);
    }
    await this.requireInside(realPath, askedPath);
    if (this.mode === 'unrestricted') return;
    const roots = await this.realRoots;
    if (roots.some((root) => isInside(realPath, root))) throw holdsRoot(askedPath);
  }
}

/** Where this system keeps temporary files; on Unix `/tmp` besides what the variables say. */
export function systemTemporaryDirectories(): readonly string[] {
  const candidates = [tmpdir(), process.env['TMPDIR']];
  if (process.platform !== 'win32') candidates.push('/tmp');
  return candidates.filter((path) => path !== undefined);
}

/** Whether a real path is the folder or below it. Windows takes both cases of a letter for one. */
export function isInside(folder: string, path: string): boolean {
  if (process.platform === 'win32') {
    return startsWithFolder(folder.toLowerCase(), path.toLowerCase());
  }
  return startsWithFolder(folder, path);
}

function startsWithFolder(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

async function resolveRoots(roots: readonly string[]): Promise<readonly string[]> {
  const absolute = [...new Set(roots)].filter((root) => isAbsolute(root));
  const resolved = await Promise.all(
    // A root that cannot be resolved (a loop of links, no rights) allows nothing and harms no other.
    absolute.map((root) => resolveLinks(root).catch(() => undefined)),
  );
  return [...new Set(resolved)].filter((root) => root !== undefined);
}

async function resolveParent(path: string): Promise<string> {
  const parent = dirname(path);
  return parent === path ? path : join(await realpath(parent), basename(path));
}

const holdsRoot = (path: string): RpcError =>
  new RpcError(
    ErrorCode.outsideWriteScope,
    `refused to remove ${path}: it is, or contains, a workspace folder or the temporary directory`,
  );
