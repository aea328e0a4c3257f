import type { PlaceAccess } from '../sandbox/confinedView';
import { closestPlace } from '../sandbox/confinedView';
import { systemError } from '../systemError';
import type { ResolvedWriteScope } from '../writeScope';
import { FolderWriteScope } from '../writeScope';

/**
 * The scope of a file helper: what the sandbox allows, and of that what the user's settings allow. The
 * kernel keeps the sandbox's rules as well, but those for places that do not exist.
 */
export class PolicyWriteScope extends FolderWriteScope {
  constructor(
    private readonly places: readonly PlaceAccess[],
    scope: ResolvedWriteScope,
  ) {
    super({ mode: scope.mode, roots: [] }, []);
    this.adopt(scope);
  }

  override async requireInside(realPath: string, askedPath: string): Promise<void> {
    // What no rule speaks of is not to be seen, and the kernel says so.
    const access = closestPlace(this.places, realPath)?.access;
    if (access === 'read') throw systemError('EROFS', askedPath);
    if (access === 'none') throw systemError('EACCES', askedPath);
    await super.requireInside(realPath, askedPath);
  }
  /** The rules are asked by the call that waits. */
  override allowsNow(): undefined {
    return undefined;
  }
}
