import type { RpcError } from '../protocol/errorCodes';
import type { Capability, Environment } from './environment';

/** The services of an environment that a capability decides about. */
export type EnvironmentServices = Pick<
  Environment,
  'processes' | 'fileSystem' | 'http' | 'configuration' | 'discovery'
>;

/** Services that do nothing but say why not. */
export function refusingServices(
  refusal: (capability: Capability) => RpcError,
): EnvironmentServices {
  const refuse = (capability: Capability) => (): Promise<never> =>
    Promise.reject(refusal(capability));
  return {
    processes: { start: refuse('exec') },
    fileSystem: {
      getMetadata: refuse('filesystem'),
      readFile: refuse('filesystem'),
      writeFile: refuse('filesystem'),
      createDirectory: refuse('filesystem'),
      readDirectory: refuse('filesystem'),
      canonicalize: refuse('filesystem'),
      remove: refuse('filesystem'),
      copy: refuse('filesystem'),
      walk: refuse('filesystem'),
      open: refuse('filesystem'),
      watchMissing: refuse('filesystem'),
    },
    // A command could send the same.
    http: { request: refuse('exec') },
    configuration: { read: refuse('filesystem') },
    discovery: { discoverInstalled: refuse('filesystem'), inspectRoots: refuse('filesystem') },
  };
}
