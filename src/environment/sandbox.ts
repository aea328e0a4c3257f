import type { SandboxTypeSchema } from '../protocol/processMessages';
import type * as z from 'zod';

/** What a confined program may do with a place. */
export type Access = 'none' | 'read' | 'write';

/** Where a rule counts: a native absolute path and all below it, or something found out on the spot. */
export type RulePlace =
  | { readonly kind: 'path'; readonly path: string }
  /** What a pattern matches in the moment of the start. Absolute. */
  | { readonly kind: 'glob'; readonly pattern: string }
  /** What programs need to run at all: the system's own directories. */
  | { readonly kind: 'minimal' }
  /** The `TMPDIR` of the program. */
  | { readonly kind: 'temporaryDirectory' };

/** A path as part of a pattern in which none of its characters is a wildcard. */
export function literalPattern(path: string): string {
  return path.replace(/[*?[{}\\]/g, '[$&]');
}

export interface AccessRule {
  readonly place: RulePlace;
  readonly access: Access;
}

/**
 * What a caller asked a program or a file operation to be confined to. Of several rules the one for the
 * closest place counts, of those for one place the strictest, but that `write` includes `read`.
 */
export interface Sandbox {
  /** Places without a rule are out of reach. */
  readonly files: 'unrestricted' | readonly AccessRule[];
  readonly network: 'restricted' | 'enabled';
}

/** How a process is confined, as it is told to clients. */
export type SandboxType = z.infer<typeof SandboxTypeSchema>;
