import { isDeepStrictEqual } from 'node:util';
import type { Disposable } from '../../base/lifecycle';
import { DisposableStore, MutableDisposable, toDisposable } from '../../base/lifecycle';
import type { Limits } from '../../base/limits';
import type { WatchedPaths } from '../fileSystem';
import type { Sandbox } from '../sandbox';
import type { RemoteLink } from './remoteLink';
import type { RemotePeer } from './remotePeer';

interface Watcher {
  readonly paths: WatchedPaths;
  readonly sandbox: Sandbox | undefined;
  readonly onDidChange: () => void;
}

/**
 * The one watch that a connection to a remote has, shared by all who watch for missing paths there. It
 * watches what all of them want together, and when it fires all are told: it is a hint, and whoever gets
 * it looks for itself. The same when the connection is lost, because watches end with it without a word.
 */
export class SharedMissingWatch implements Disposable {
  private readonly armed = new Set<Watcher>();
  private readonly subscriptions = new MutableDisposable<Disposable>();
  private peer: RemotePeer | undefined;
  private lastWatchId = 0;
  private lastFiredId = 0;
  /** Each asks the remote for a watch in place of the one before, so they go one by one. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly link: RemoteLink,
    private readonly limits: Pick<Limits, 'maxWatchedPaths'>,
  ) {}

  /** See `FileSystem.watchMissing`; also `undefined` where it does not go together with other watches. */
  add(
    paths: WatchedPaths,
    sandbox: Sandbox | undefined,
    onDidChange: () => void,
  ): Promise<Disposable | undefined> {
    const watcher: Watcher = { paths, sandbox, onDidChange };
    const added = this.turn.then(() => this.arm(watcher));
    this.turn = added.catch(() => undefined);
    return added;
  }

  dispose(): void {
    this.subscriptions.dispose();
    this.armed.clear();
  }

  private async arm(watcher: Watcher): Promise<Disposable | undefined> {
    return this.link.use(async (peer) => {
      this.follow(peer);
      const together = combine([...this.armed, watcher], this.limits.maxWatchedPaths);
      if (together === undefined || !peer.has('fsWatchMissing')) return undefined;
      const others = [...this.armed];
      const { connectionNumber } = peer;
      const isWatching = await this.watch(peer, together);
      if (!isWatching || peer.connectionNumber !== connectionNumber) {
        await this.watchWithout(peer, others);
        return undefined;
      }
      this.armed.add(watcher);
      return toDisposable(() => this.armed.delete(watcher));
    });
  }

  /** The refused watch has taken the place of the one there was. */
  private async watchWithout(peer: RemotePeer, others: readonly Watcher[]): Promise<void> {
    const left = others.filter((other) => this.armed.has(other));
    if (left.length === 0) return;
    const together = combine(left, this.limits.maxWatchedPaths);
    if (together === undefined || !(await this.watch(peer, together))) this.tellAll();
  }

  private async watch(peer: RemotePeer, { paths, sandbox }: Combined): Promise<boolean> {
    const watchId = (this.lastWatchId += 1);
    const { watching } = await peer.paths.send('fs', (write) =>
      peer.client.request('fs/watchMissing', {
        watchId,
        missing: paths.missing.map(write),
        present: paths.present === undefined ? undefined : write(paths.present),
        sandbox: sandbox === undefined ? undefined : peer.sandboxMember(sandbox, write),
      }),
    );
    // The notification may have come in one piece with the answer; who is not armed yet then never is.
    return watching && this.lastFiredId < watchId;
  }

  private follow(peer: RemotePeer): void {
    if (this.peer === peer) return;
    this.tellAll();
    this.peer = peer;
    const store = new DisposableStore();
    this.subscriptions.value = store;
    // Also that of a watch which was replaced meanwhile: what it saw may concern the same watchers.
    store.add(
      peer.client.onDidChangeMissing(({ watchId }) => {
        this.lastFiredId = Math.max(this.lastFiredId, watchId);
        this.tellAll();
      }),
    );
    store.add(
      peer.onDidLoseConnection(() => {
        this.tellAll();
      }),
    );
  }

  /** Each hears of a change once. */
  private tellAll(): void {
    const watchers = [...this.armed];
    this.armed.clear();
    for (const { onDidChange } of watchers) onDidChange();
  }
}

interface Combined {
  readonly paths: WatchedPaths;
  readonly sandbox: Sandbox | undefined;
}

/** What to watch for several at once; `undefined` where one watch cannot serve them all. */
function combine(watchers: readonly Watcher[], maxPaths: number): Combined | undefined {
  const [first] = watchers;
  if (first === undefined) return undefined;
  const missing = new Set(watchers.flatMap(({ paths }) => paths.missing));
  const present = new Set(watchers.flatMap(({ paths }) => paths.present ?? []));
  const haveOneSandbox = watchers.every(({ sandbox }) => isDeepStrictEqual(sandbox, first.sandbox));
  if (missing.size === 0 || missing.size > maxPaths || present.size > 1 || !haveOneSandbox) {
    return undefined;
  }
  const [onlyPresent] = present;
  return { paths: { missing: [...missing], present: onlyPresent }, sandbox: first.sandbox };
}
