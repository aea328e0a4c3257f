import { ExecServerError } from '../../base/errors';
import type { Event } from '../../base/event';
import { DisposableStore, MutableDisposable } from '../../base/lifecycle';
import type { Disposable } from '../../base/lifecycle';
import type { ClientState, ExecServerClient } from '../../client/execServerClient';

/** How agents reach the executor of this window. */
export interface AgentAddress {
  readonly url: string;
  readonly token: string;
}

/** What the session needs of a connection. */
export interface ToolConnection extends Disposable {
  readonly onDidChangeState: Event<ClientState>;
}

export interface ToolSessionOptions<C extends ToolConnection> {
  /** Absent while no executor runs. */
  address(): AgentAddress | undefined;
  /** The address may be another one now. */
  readonly onDidChange: Event<void>;
  connect(address: AgentAddress): Promise<C>;
}

/**
 * The session of this window's tools on its own executor, where it is one agent among others: the
 * server's gates hold for it, and the user sees what it runs.
 *
 *   none ──first call──► connecting ──► connected ──executor gone, another token──► none
 */
export class ToolSession<C extends ToolConnection = ExecServerClient> implements Disposable {
  private readonly subscriptions = new DisposableStore();
  private readonly connection = new MutableDisposable<DisposableStore>();
  private current: { readonly key: string; readonly client: Promise<C> } | undefined;
  private disposed = false;

  constructor(private readonly options: ToolSessionOptions<C>) {
    this.subscriptions.add(
      options.onDidChange(() => {
        const address = options.address();
        if (address === undefined || keyOf(address) !== this.current?.key) this.drop();
      }),
    );
  }

  /**
   * The connection, made at the first call.
   *
   * @throws ExecServerError `connectionClosed` when no executor runs; as `connectExecServer`.
   */
  client(): Promise<C> {
    const address = this.options.address();
    if (address === undefined || this.disposed) {
      return Promise.reject(
        new ExecServerError(
          'connectionClosed',
          'Failed to reach Exec Server: it is not running. Ask the user to run "Exec Server: Start".',
        ),
      );
    }
    const key = keyOf(address);
    if (this.current?.key !== key) {
      this.drop();
      this.current = { key, client: this.connect(address, key) };
    }
    return this.current.client;
  }

  dispose(): void {
    this.disposed = true;
    this.subscriptions.dispose();
    this.drop();
    this.connection.dispose();
  }

  private async connect(address: AgentAddress, key: string): Promise<C> {
    try {
      const client = await this.options.connect(address);
      this.adopt(client, key);
      return client;
    } catch (error) {
      this.forget(key);
      throw error;
    }
  }

  private adopt(client: C, key: string): void {
    const held = new DisposableStore();
    held.add(client);
    held.add(
      client.onDidChangeState((state) => {
        if (state.kind === 'ended') this.forget(key);
      }),
    );
    // The executor may have gone while the connection was made.
    if (this.current?.key === key && !this.disposed) this.connection.value = held;
    else held.dispose();
  }

  private forget(key: string): void {
    if (this.current?.key === key) this.drop();
  }

  private drop(): void {
    this.current = undefined;
    this.connection.value = undefined;
  }
}

function keyOf({ url, token }: AgentAddress): string {
  return `${url} ${token}`;
}
