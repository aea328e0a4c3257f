/**
 * Runs the real agent, `codex exec`, with a scripted model on loopback and its commands and files
 * on an exec-server. No login and no network are needed.
 */
import { codexError, startCodexProcess } from './codexProcess';
import type { CodexExit, CodexProcess } from './codexProcess';
import { querySecrets, redact } from './codexRedaction';
import { ScriptedModel } from './scriptedModel';
import type { Turn } from './scriptedModel';

/** Values of `config.toml` by their dotted key. */
export type CodexConfig = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** What the agent is given. */
export interface CodexExecOptions {
  /** The script of a model that lives as long as the run, or a model that the caller closes. */
  readonly script?: readonly Turn[];
  readonly model?: ScriptedModel;
  /** Where commands and files go. May hold a token in its query. */
  readonly execServerUrl?: string;
  /** The text of `environments.toml`, the other way to name exec-servers. */
  readonly environmentsToml?: string;
  /** The working directory: the agent sends this path to the exec-server. It must exist here. */
  readonly cwd: string;
  readonly prompt?: string;
  /** A release of the CLI; the pinned one by default. */
  readonly version?: string;
  readonly sandbox?: 'danger-full-access' | 'workspace-write' | 'read-only';
  /** The model name, which decides on the tools the client offers. */
  readonly modelName?: string;
  /** Added to or replacing entries of the configuration. */
  readonly extraConfig?: CodexConfig;
  /** Placed between `exec` and the prompt: `['--json']`, `['-C', path]`. */
  readonly extraArgs?: readonly string[];
  readonly extraEnv?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
}

/** A running agent and the model it talks to. */
export interface CodexRun extends CodexProcess {
  readonly model: ScriptedModel;
}

/** A scripted run takes about a second; this allows for a loaded machine and held turns. */
const defaultDeadlineMs = 60_000;

/** Releases from 0.140 on offer this model the free-form `apply_patch`; 0.118 knows `gpt-5.4`. */
const defaultModelName = 'gpt-5.5';

/**
 * Starts the agent. Besides the reasons of {@link CodexProcess}, `exited` rejects when the client
 * asked the model for something outside the script, and names it.
 */
export async function startCodexExec(options: CodexExecOptions): Promise<CodexRun> {
  const secrets = secretsOf(options);
  const model = options.model ?? (await ScriptedModel.start(options.script ?? []));
  const closeOwnModel = async (): Promise<void> => {
    if (options.model === undefined) {
      await model.close();
    }
  };
  let run: CodexProcess;
  try {
    run = await startCodexProcess({
      args: execArguments(options),
      cwd: options.cwd,
      version: options.version,
      deadlineMs: options.deadlineMs ?? defaultDeadlineMs,
      secrets,
      homeFiles: {
        'config.toml': toToml({ ...baseConfig(model, options), ...options.extraConfig }),
        ...(options.environmentsToml === undefined
          ? {}
          : { 'environments.toml': options.environmentsToml }),
      },
      env: {
        ...(options.execServerUrl === undefined
          ? {}
          : { CODEX_EXEC_SERVER_URL: options.execServerUrl }),
        ...options.extraEnv,
      },
    });
  } catch (error) {
    await closeOwnModel();
    throw error;
  }
  const exited = run.exited.finally(closeOwnModel).then((exit) => checked(exit, model, secrets));
  exited.catch(() => undefined);
  return {
    ...run,
    model,
    exited,
    async kill() {
      await run.kill();
      await exited.catch(() => undefined);
    },
  };
}

function checked(exit: CodexExit, model: ScriptedModel, secrets: readonly string[]): CodexExit {
  const { failure } = model;
  if (failure !== undefined) {
    // The stack leads to the turn that threw. Test runners print causes, so it is redacted too.
    const cause = new Error(redact(failure.stack ?? failure.message, secrets));
    throw codexError(failure.message, exit, secrets, { cause });
  }
  return exit;
}

function secretsOf({ execServerUrl, environmentsToml }: CodexExecOptions): readonly string[] {
  const bearers = environmentsToml?.matchAll(/auth_bearer_token\s*=\s*"([^"]*)"/g) ?? [];
  return [...querySecrets(execServerUrl), ...[...bearers].map(([, token = '']) => token)];
}

function execArguments(options: CodexExecOptions): string[] {
  return [
    'exec',
    '--skip-git-repo-check',
    '--color',
    'never',
    ...(options.extraArgs ?? []),
    options.prompt ?? 'Follow the script.',
  ];
}

function baseConfig(model: ScriptedModel, options: CodexExecOptions): CodexConfig {
  return {
    model: options.modelName ?? defaultModelName,
    model_provider: 'scripted',
    'model_providers.scripted.name': 'scripted',
    'model_providers.scripted.base_url': model.baseUrl,
    'model_providers.scripted.wire_api': 'responses',
    // A repeated request would count as a turn of the script.
    'model_providers.scripted.request_max_retries': 0,
    'model_providers.scripted.stream_max_retries': 0,
    approval_policy: 'never',
    sandbox_mode: options.sandbox ?? 'danger-full-access',
    web_search: 'disabled',
    check_for_update_on_startup: false,
    'analytics.enabled': false,
    'otel.exporter': 'none',
    'history.persistence': 'none',
    'features.unified_exec': true,
    // Both would reach for servers outside the machine.
    'features.apps': false,
    'features.plugins': false,
  };
}

// JSON strings, numbers, booleans and lists of strings are all valid TOML values.
function toToml(config: CodexConfig): string {
  return Object.entries(config)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join('');
}
