import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { TomlTable } from 'smol-toml';
import type { Limits } from '../../base/limits';
import { RpcError } from '../../protocol/errorCodes';
import type { TomlPath } from '../../protocol/environmentConfigMessages';
import type {
  Configuration,
  ConfigurationLayer,
  ConfigurationReader,
  ConfigurationRequest,
  ConfigurationStack,
} from '../configuration';
import type { CodexPlaces } from './codexHome';
import { findCodexHome } from './codexHome';
import { trustedProjectFolders } from './projectFolders';
import type { TomlFile } from './tomlFile';
import { readTomlFile, writeSelection } from './tomlFile';

/** What a file in a project must not decide: where the user's requests and credentials go, and what runs unasked. */
const userOnlyKeys = new Set([
  'apps_mcp_product_sku',
  'chatgpt_base_url',
  'experimental_realtime_ws_base_url',
  'model_provider',
  'model_providers',
  'notify',
  'openai_base_url',
  'otel',
  'profile',
  'profiles',
]);

interface Layer extends TomlFile {
  readonly source: string;
  /** Of the whole machine, so weaker than what a client adds. */
  readonly isMachineWide: boolean;
}

/** The configuration files of Codex on this machine. */
export class LocalConfigurationReader implements ConfigurationReader {
  constructor(
    private readonly places: CodexPlaces,
    private readonly limits: Pick<Limits, 'maxConfigFileBytes'>,
  ) {}

  async read({
    cwd,
    configPaths,
    requirementsPaths,
  }: ConfigurationRequest): Promise<Configuration> {
    const codexHomeDir = await this.codexHome();
    const managed = await this.readSystemFile('managed_config.toml');
    return {
      userHomeDir: this.places.userHomeDir,
      codexHomeDir,
      hostname: hostname(),
      config: await stackOf(await this.configLayers(cwd, codexHomeDir, managed), configPaths),
      requirements: await stackOf(await this.requirementLayers(managed), requirementsPaths),
    };
  }

  private async codexHome(): Promise<string> {
    try {
      return await findCodexHome(this.places);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      throw new RpcError(error.code, `failed to find Codex home: ${error.message}`);
    }
  }

  private async configLayers(
    cwd: string,
    codexHome: string,
    managed: TomlFile | undefined,
  ): Promise<Layer[]> {
    const layers: Layer[] = [];
    const add = (kind: string, file: TomlFile | undefined): void => {
      if (file === undefined) return;
      const source = `${kind} (${file.path})`;
      layers.push({ ...file, source, isMachineWide: kind === 'system' });
    };
    add('system', await this.readSystemFile('config.toml'));
    add('user', await this.readFile(join(codexHome, 'config.toml')));
    const settings = layers.map(({ table }) => table);
    for (const folder of await trustedProjectFolders(cwd, settings)) {
      // With the user's home as project this would be the user's own file again.
      const path = join(folder, '.codex', 'config.toml');
      if (dirname(path) === codexHome) continue;
      const file = await this.readFile(path);
      if (file !== undefined) add('project', { ...file, table: withoutUserOnly(file.table) });
    }
    add('managed', managed);
    return layers;
  }

  private async requirementLayers(managed: TomlFile | undefined): Promise<Layer[]> {
    const file = await this.readSystemFile('requirements.toml');
    const layers: Layer[] = [];
    if (file !== undefined) layers.push({ ...file, source: file.path, isMachineWide: true });
    if (managed === undefined) return layers;
    const table = requirementsIn(managed.table);
    return [...layers, { path: managed.path, table, source: managed.path, isMachineWide: false }];
  }

  private async readSystemFile(name: string): Promise<TomlFile | undefined> {
    const { systemDirectory } = this.places;
    return systemDirectory === undefined ? undefined : this.readFile(join(systemDirectory, name));
  }

  private readFile(path: string): Promise<TomlFile | undefined> {
    return readTomlFile(path, this.limits.maxConfigFileBytes);
  }
}

async function stackOf(
  layers: readonly Layer[],
  paths: readonly TomlPath[],
): Promise<ConfigurationStack> {
  const answered: ConfigurationLayer[] = [];
  let cloudInsertionIndex = 0;
  for (const { path, table, source, isMachineWide } of layers) {
    const toml = await writeSelection(table, paths);
    if (toml === undefined) continue;
    answered.push({ source, baseDir: dirname(path), toml });
    if (isMachineWide) cloudInsertionIndex = answered.length;
  }
  return { layers: answered, cloudInsertionIndex };
}

function withoutUserOnly(table: TomlTable): TomlTable {
  return Object.fromEntries(Object.entries(table).filter(([key]) => !userOnlyKeys.has(key)));
}

/** A managed choice is also the only one allowed; the read-only sandbox always is. */
function requirementsIn(managed: TomlTable): TomlTable {
  const { approval_policy: policy, sandbox_mode: sandbox } = managed;
  return {
    ...(typeof policy === 'string' ? { allowed_approval_policies: [policy] } : {}),
    ...(typeof sandbox === 'string'
      ? { allowed_sandbox_modes: [...new Set(['read-only', sandbox])] }
      : {}),
  };
}
