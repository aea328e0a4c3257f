import { realpathSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import type { Clock } from '../../../base/clock';
import { systemClock } from '../../../base/clock';
import type { Disposable } from '../../../base/lifecycle';
import { MutableDisposable, toDisposable } from '../../../base/lifecycle';
import type { Limits } from '../../../base/limits';
import type { Logger } from '../../../base/logger';
import { ErrorCode, RpcError, limitReached } from '../../../protocol/errorCodes';
import type { FileSystem } from '../../fileSystem';
import type { Sandbox } from '../../sandbox';
import type { FileHelperProcess } from '../fileHelper/fileHelperProcess';
import type { HelperLease } from '../fileHelper/helperFileSystem';
import { HelperFileSystem } from '../fileHelper/helperFileSystem';
import type { HelperStart } from '../fileHelper/helperMessages';
import type { OpenTerminals } from '../openTerminals';
import type { FolderWriteScope } from '../writeScope';
import type { ConfinedView } from './confinedView';
import { accessAt } from './confinedView';
import type { HelperConfinement } from './confinement';

/** What confined file operations are made with. */
export interface ConfinedFilesOptions {
  readonly confinement: HelperConfinement;
  /** The command line of a file helper, absolute paths in front. */
  readonly helperCommand: readonly [string, ...string[]];
  readonly writeScope: FolderWriteScope;
  readonly terminals: OpenTerminals;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** A helper and who needs it. */
interface PooledHelper {
  readonly starting: Promise<FileHelperProcess>;
  users: number;
  readonly idle: MutableDisposable<Disposable>;
  end(): void;
}

/** Runs file operations in helpers, one for each policy in use. */
export class ConfinedFiles implements Disposable {
  private readonly helpers = new Map<string, PooledHelper>();
  private readonly clock: Clock;
  private disposed = false;

  constructor(private readonly options: ConfinedFilesOptions) {
    this.clock = options.clock ?? systemClock;
  }

  within(sandbox: Sandbox): FileSystem {
    return new HelperFileSystem(() => this.lease(sandbox));
  }

  dispose(): void {
    this.disposed = true;
    for (const helper of this.helpers.values()) helper.end();
    this.helpers.clear();
  }

  private async lease(sandbox: Sandbox): Promise<HelperLease> {
    const { confinement, writeScope } = this.options;
    // Asked each time: a helper sees the files that stood at the places when it was started.
    const view = await confinement.viewOf(
      // What the helper itself needs is there for what it serves, as with the measured peer.
      withSystem(sandbox),
      process.env['TMPDIR'],
    );
    const scope = await writeScope.resolved();
    if (this.disposed) throw new RpcError(ErrorCode.internal, 'the exec server is shutting down');
    const key = JSON.stringify([view.identity, scope]);
    const pooled =
      this.helpers.get(key) ?? this.add(key, view, { places: view.places, writeScope: scope });
    pooled.users += 1;
    pooled.idle.value = undefined;
    const release = toDisposable(() => {
      pooled.users -= 1;
      if (pooled.users > 0) return;
      pooled.idle.value = this.clock.schedule(() => {
        this.remove(key, pooled);
      }, this.options.limits.fileHelperIdleMs);
    });
    try {
      const helper = await pooled.starting;
      return {
        helper,
        dispose: () => {
          release.dispose();
        },
      };
    } catch (error) {
      release.dispose();
      throw error;
    }
  }

  private add(key: string, view: ConfinedView, start: HelperStart): PooledHelper {
    this.makeRoom();
    const starting = this.start(view, start);
    const pooled: PooledHelper = {
      starting,
      users: 0,
      idle: new MutableDisposable(),
      end() {
        this.idle.dispose();
        starting.then(
          (helper) => {
            helper.dispose();
          },
          // It never ran.
          () => undefined,
        );
      },
    };
    this.helpers.set(key, pooled);
    const forget = (): void => {
      this.remove(key, pooled);
    };
    starting.then((helper) => helper.ending.then(forget), forget);
    return pooled;
  }

  private async start(view: ConfinedView, start: HelperStart): Promise<FileHelperProcess> {
    const { confinement, helperCommand, clock = systemClock } = this.options;
    const { FileHelperProcess } = await import('../fileHelper/fileHelperProcess');
    const confined = await confinement.confineHelper(helperCommand, {
      view,
      network: 'restricted',
      cwd: '/',
      // On the desktop the program is the editor itself, and this makes it behave as plain Node.
      env: { ELECTRON_RUN_AS_NODE: '1' },
      // A place that can be read already may be a place to write to as well.
      alwaysReadable: helperCommand
        .filter((word) => isAbsolute(word))
        .map((word) => dirname(realpathSync(word)))
        .filter((folder) => accessAt(view.places, folder) === 'none'),
    });
    try {
      const helper = await FileHelperProcess.start(confined, start, { ...this.options, clock });
      void helper.ending.then(() => {
        confined.dispose();
      });
      return helper;
    } catch (error) {
      confined.dispose();
      throw error;
    }
  }

  private remove(key: string, pooled: PooledHelper): void {
    pooled.end();
    if (this.helpers.get(key) === pooled) this.helpers.delete(key);
  }

  /** The one that has waited longest for work goes; a map keeps the order in which they came. */
  private makeRoom(): void {
    const { maxFileHelpers } = this.options.limits;
    if (this.helpers.size < maxFileHelpers) return;
    for (const [key, pooled] of this.helpers) {
      if (pooled.users > 0) continue;
      this.remove(key, pooled);
      return;
    }
    throw limitReached('sandboxes may have files in use at once', maxFileHelpers);
  }
}

function withSystem(sandbox: Sandbox): Sandbox {
  if (sandbox.files === 'unrestricted') return sandbox;
  const hasRoot = sandbox.files.some(({ place }) => place.kind === 'path' && place.path === '/');
  if (hasRoot) return sandbox;
  return {
    ...sandbox,
    files: [{ place: { kind: 'minimal' }, access: 'read' }, ...sandbox.files],
  };
}
