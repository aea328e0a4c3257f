import { ExecServerError } from '../../base/errors';
import { Emitter } from '../../base/event';
import type { Disposable } from '../../base/lifecycle';
import type { EnvironmentChoice } from '../../environment/environmentChoice';
import type { RememberedChoice, WorkspaceChoice } from '../rememberedChoice';
import type { Settings } from '../settingsSchema';
import { endpointProblem } from './remoteForm';
import { listRemotes } from './remoteList';
import type { FoundRemotes, KnownRemote } from './remoteList';
import type { RemoteTokens } from './remoteTokens';
import { resolveEnvironment } from './resolveEnvironment';
import type { ResolvedEnvironment } from './resolveEnvironment';

export interface EnvironmentDirectoryOptions {
  readonly choice: RememberedChoice;
  readonly tokens: RemoteTokens;
  readonly settings: () => Settings;
  /** What `CODEX_EXEC_SERVER_URL` of this window says. */
  readonly variable: EnvironmentChoice;
  /** The entries of `environments.toml`. */
  readonly readEnvironmentsToml: () => Promise<FoundRemotes['environmentsToml']>;
}

/** The places agents' calls can go, and the one they go to by what the user chose and set. */
export class EnvironmentDirectory implements Disposable {
  private environmentsToml: FoundRemotes['environmentsToml'] = [];
  private readonly changeEmitter = new Emitter<void>();
  /** Other remotes were found. Settings and the workspace's choice have events of their own. */
  readonly onDidChange = this.changeEmitter.event;

  constructor(private readonly options: EnvironmentDirectoryOptions) {}

  get remotes(): readonly KnownRemote[] {
    const { settings, variable } = this.options;
    return listRemotes(settings(), {
      environmentsToml: this.environmentsToml,
      variable: variable.mode === 'remote' ? variable.remote : undefined,
    });
  }

  get resolved(): ResolvedEnvironment {
    return this.resolve(this.options.choice.environment);
  }

  /** Where calls would go if nothing were chosen in this workspace. */
  get resolvedBySettings(): ResolvedEnvironment {
    return this.resolve(undefined);
  }

  /** Changes when calls would go somewhere else, or there in another way. */
  get fingerprint(): string {
    const { choice } = this.resolved;
    return JSON.stringify([choice, this.endpointOf(choice)]);
  }

  findRemote(name: string): KnownRemote | undefined {
    return this.remotes.find((remote) => remote.name === name);
  }

  /** Looks for entries of `environments.toml` again. */
  async refresh(): Promise<void> {
    const before = JSON.stringify(this.environmentsToml);
    this.environmentsToml = await this.options.readEnvironmentsToml();
    if (JSON.stringify(this.environmentsToml) !== before) this.changeEmitter.fire();
  }

  /**
   * The choice as the executor takes it, with the remote's token.
   *
   * @throws ExecServerError `invalidArguments` when there is no such remote, or its token would be sent in the clear.
   */
  async toExecutor(choice: WorkspaceChoice): Promise<EnvironmentChoice> {
    if (choice.mode !== 'remote') return choice;
    const remote = this.findRemote(choice.name);
    if (remote === undefined) throw refusal(choice.name, 'there is no such remote');
    const { name } = remote;
    const endpoint = await this.withToken(remote);
    const problem = endpointProblem(endpoint);
    if (problem !== undefined) throw refusal(name, problem);
    return { mode: 'remote', remote: { name, endpoint } };
  }

  dispose(): void {
    this.changeEmitter.dispose();
  }

  private async withToken({ name, endpoint }: KnownRemote): Promise<KnownRemote['endpoint']> {
    if (!('url' in endpoint) || endpoint.token !== undefined) return endpoint;
    const token = await this.options.tokens.find(name, endpoint.url);
    return token === undefined ? endpoint : { ...endpoint, token };
  }

  private resolve(workspace: WorkspaceChoice | undefined): ResolvedEnvironment {
    const { settings, variable } = this.options;
    const { remotes } = this;
    return resolveEnvironment({
      workspace,
      settings: settings(),
      variable: variable.mode,
      remotes,
    });
  }

  private endpointOf(choice: WorkspaceChoice): KnownRemote['endpoint'] | undefined {
    return choice.mode === 'remote' ? this.findRemote(choice.name)?.endpoint : undefined;
  }
}

function refusal(name: string, reason: string): ExecServerError {
  return new ExecServerError('invalidArguments', `Failed to use the remote "${name}": ${reason}`);
}
