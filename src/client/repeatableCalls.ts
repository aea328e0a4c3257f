import type { CallParams, PlainMethod } from './execServerClient';

type IsRepeatable = { readonly [M in PlainMethod]: boolean | ((params: CallParams<M>) => boolean) };

/** Calls whose answer may be lost and that do no harm when they take effect twice. */
const repeatable: IsRepeatable = {
  'environment/info': true,
  'environment/status': true,
  'process/read': true,
  'process/closeStdin': true,
  'process/resize': true,
  // A second interrupt is often taken for impatience.
  'process/signal': false,
  'process/terminate': true,
  'fs/getMetadata': true,
  'fs/readFile': true,
  // Somebody else may have written, made or removed the same in between.
  'fs/writeFile': false,
  'fs/createDirectory': false,
  'fs/remove': false,
  'fs/copy': false,
  'fs/readDirectory': true,
  'fs/canonicalize': true,
  'fs/walk': true,
  'fs/open': ({ mode }) => mode !== 'replace',
  // Open files go with their connection, so these are answered that there is none.
  'fs/readBlock': true,
  'fs/writeBlock': false,
  'fs/close': true,
  'fs/watchMissing': true,
  'environmentConfig/read': true,
  'capabilities/discoverV2': true,
  'capabilityRoots/discoverV1': true,
};

export function isRepeatable<M extends PlainMethod>(method: M, params: CallParams<M>): boolean {
  const rule: IsRepeatable[M] = repeatable[method];
  return typeof rule === 'function' ? rule(params) : rule;
}
