import type { TomlPath } from '../protocol/environmentConfigMessages';

export interface ConfigurationRequest {
  /** Native and absolute; it need not exist. The project it is in may have a configuration of its own. */
  readonly cwd: string;
  readonly configPaths: readonly TomlPath[];
  readonly requirementsPaths: readonly TomlPath[];
}

/** One file, as far as it was asked for. */
export interface ConfigurationLayer {
  /** For people. */
  readonly source: string;
  /** Native; what relative paths in the file start from. */
  readonly baseDir: string;
  readonly toml: string;
}

/** Layers from the weakest to the strongest. */
export interface ConfigurationStack {
  readonly layers: readonly ConfigurationLayer[];
  /** Where a client puts layers of its own: behind those of the whole machine. */
  readonly cloudInsertionIndex: number;
}

export interface Configuration {
  /** Absent where a remote does not tell. */
  readonly userHomeDir: string | undefined;
  readonly codexHomeDir: string;
  /** Absent where a remote does not tell. */
  readonly hostname: string | undefined;
  readonly config: ConfigurationStack;
  readonly requirements: ConfigurationStack;
}

/** Reads how the Codex of an environment is set up. */
export interface ConfigurationReader {
  /** @throws RpcError −32603 when a file cannot be read or understood; its content is not shown. */
  read(request: ConfigurationRequest): Promise<Configuration>;
}
