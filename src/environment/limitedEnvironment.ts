import type { RpcError } from '../protocol/errorCodes';
import { capabilityDisabled } from '../protocol/errorCodes';
import type { PathStyle } from '../protocol/pathStyle';
import type { Capabilities, Capability, Environment } from './environment';
import type { EnvironmentInfo } from './environmentInfo';
import type { FileSystem } from './fileSystem';
import type { EnvironmentServices } from './refusingServices';
import { refusingServices } from './refusingServices';
import type { Sandbox } from './sandbox';

/** What each feature of the wire needs; one that is not named here needs everything. */
const featureNeeds: Readonly<Record<string, Capability>> = {
  networkProxyLaunch: 'exec',
  networkProxyReviewDomains: 'exec',
  credentialMasking: 'exec',
  credentialMaskingCustomProviders: 'exec',
  httpHeaderEnvVars: 'exec',
  shellSnapshotV2: 'exec',
  linuxRootWritePreservesDevices: 'exec',
  linuxApprovedRootWritePreservesRestrictions: 'exec',
  sandboxedFileStreaming: 'filesystem',
  fileWriteStreaming: 'filesystem',
  fsWatchMissing: 'filesystem',
  environmentConfigRead: 'filesystem',
  capabilityDiscoveryV2: 'filesystem',
  capabilityDiscoverySandbox: 'filesystem',
};

/** An environment of which agents may use only what the user's settings allow. */
export class LimitedEnvironment implements Environment {
  private readonly refusing: EnvironmentServices = refusingServices((capability) =>
    refusalOf(this, capability),
  );

  constructor(
    private readonly inner: Environment,
    private readonly allowed: Capabilities,
  ) {}

  get kind(): Environment['kind'] {
    return this.inner.kind;
  }

  get pathStyle(): PathStyle {
    return this.inner.pathStyle;
  }

  get capabilities(): Capabilities {
    const { exec, filesystem } = this.inner.capabilities;
    return { exec: exec && this.allowed.exec, filesystem: filesystem && this.allowed.filesystem };
  }

  get switchedOff(): ReadonlySet<Capability> {
    const { inner, allowed } = this;
    const capabilities: readonly Capability[] = ['exec', 'filesystem'];
    return new Set(capabilities.filter((name) => inner.capabilities[name] && !allowed[name]));
  }

  get processes(): Environment['processes'] {
    return this.having('exec').processes;
  }

  get http(): Environment['http'] {
    return this.having('exec').http;
  }

  get fileSystem(): Environment['fileSystem'] {
    return this.having('filesystem').fileSystem;
  }

  get configuration(): Environment['configuration'] {
    return this.having('filesystem').configuration;
  }

  get discovery(): Environment['discovery'] {
    return this.having('filesystem').discovery;
  }

  confinedFileSystem(sandbox: Sandbox): FileSystem {
    if (!this.capabilities.filesystem) return this.refusing.fileSystem;
    return this.inner.confinedFileSystem(sandbox);
  }

  info(): EnvironmentInfo | Promise<EnvironmentInfo> {
    const info = this.inner.info();
    return info instanceof Promise
      ? info.then((facts) => this.withoutFeatures(facts))
      : this.withoutFeatures(info);
  }

  private having(capability: Capability): EnvironmentServices {
    return this.capabilities[capability] ? this.inner : this.refusing;
  }

  private withoutFeatures(info: EnvironmentInfo): EnvironmentInfo {
    const { exec, filesystem } = this.capabilities;
    const isLeft = (feature: string): boolean => {
      const needs = Object.hasOwn(featureNeeds, feature) ? featureNeeds[feature] : undefined;
      return (exec || needs === 'filesystem') && (filesystem || needs === 'exec');
    };
    const left = Object.entries(info.features).filter(([feature]) => isLeft(feature));
    return { ...info, features: Object.fromEntries(left) };
  }
}

/** Why an environment refuses what needs a capability that it does not have. */
export function refusalOf(environment: Environment, capability: Capability): RpcError {
  if (environment.kind === 'disabled') return capabilityDisabled(capability, 'mode');
  const isSwitchedOff = environment.switchedOff?.has(capability) === true;
  return capabilityDisabled(capability, isSwitchedOff ? 'settings' : 'remote');
}
