import type { Dispatcher, EnvHttpProxyAgent } from 'undici';
import type { Limits } from '../../base/limits';
import type { EnvironmentVariables } from './childEnvironment';

/** Where a request is sent: straight to its host, or to the proxy the environment names. */
export interface HttpDispatchers {
  readonly forUrl: (url: URL) => Dispatcher;
  readonly destroy: () => Promise<void>;
}

export type HttpDispatcherLimits = Pick<
  Limits,
  'httpConnectTimeoutMs' | 'maxHttpResponseHeaderBytes'
>;

/**
 * Loads the HTTP library, so call it when the first request is there. One dispatcher for each scheme:
 * the library would send https through the proxy meant for http.
 */
export async function openHttpDispatchers(
  limits: HttpDispatcherLimits,
  variables: EnvironmentVariables,
): Promise<HttpDispatchers> {
  const { EnvHttpProxyAgent: Agent } = await import('./httpLibrary.js');
  const common: EnvHttpProxyAgent.Options = {
    connect: { timeout: limits.httpConnectTimeoutMs },
    maxHeaderSize: limits.maxHttpResponseHeaderBytes,
    // A caller's timeout bounds the whole request; an event stream may be silent for hours.
    headersTimeout: 0,
    bodyTimeout: 0,
    // An http URL is asked of the proxy itself, as every proxy takes it; only https is tunnelled.
    proxyTunnel: false,
    noProxy: variableOf(variables, 'no_proxy'),
  };
  const proxyFor = (name: string): string =>
    variableOf(variables, name) || variableOf(variables, 'all_proxy');
  const http = new Agent({ ...common, httpProxy: proxyFor('http_proxy'), httpsProxy: '' });
  const https = new Agent({ ...common, httpProxy: '', httpsProxy: proxyFor('https_proxy') });
  return {
    forUrl: ({ protocol }) => (protocol === 'https:' ? https : http),
    destroy: async () => {
      await Promise.all([http.destroy(), https.destroy()]);
    },
  };
}

/** Proxy variables are known by either case; none is as good as an empty one. */
function variableOf(variables: EnvironmentVariables, name: string): string {
  return variables[name] ?? variables[name.toUpperCase()] ?? '';
}
