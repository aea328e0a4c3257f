import { errnoCodeOf } from '../../base/errors';
import type { Limits } from '../../base/limits';
import { systemErrorText, toRpcError } from '../../protocol/errorCodes';
import type { CapabilityFile } from '../../protocol/discoveryMessages';
import { pathToUri } from '../../protocol/pathText';
import { readToEnd, withFileToRead } from './regularFile';

export type CapabilityFileLimits = Pick<
  Limits,
  'maxCapabilityFileBytes' | 'maxDiscoveredFileBytes'
>;

/** Reads the files of one discovery, which together stay within a limit. */
export class CapabilityFiles {
  private bytesLeft: number;

  constructor(private readonly limits: CapabilityFileLimits) {
    this.bytesLeft = limits.maxDiscoveredFileBytes;
  }

  /** The file, or `undefined` and one warning more. */
  async read(path: string, warnings: string[]): Promise<CapabilityFile | undefined> {
    const contents = await this.attempt(path);
    if (typeof contents === 'string') return { path, contents };
    warnings.push(contents.warning);
    return undefined;
  }

  private async attempt(path: string): Promise<string | { readonly warning: string }> {
    const uri = pathToUri(path);
    const { maxCapabilityFileBytes: limit, maxDiscoveredFileBytes } = this.limits;
    let bytes: Buffer | undefined;
    try {
      bytes = await withFileToRead(path, { followSymlinks: true }, (file, stats) =>
        Number(stats.size) > limit
          ? Promise.resolve(undefined)
          : readToEnd(file, Number(stats.size), limit),
      );
    } catch (error) {
      const code = errnoCodeOf(error);
      const reason = code === undefined ? toRpcError(error).message : systemErrorText(code);
      return { warning: `failed to read capability file ${uri}: ${reason}` };
    }
    if (bytes === undefined) {
      return { warning: `capability file ${uri} exceeds the ${limit}-byte limit` };
    }
    if (bytes.length > this.bytesLeft) {
      return {
        warning: `capability file ${uri} was left out: the files of one discovery exceed ${maxDiscoveredFileBytes} bytes`,
      };
    }
    this.bytesLeft -= bytes.length;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      // The decoder does not say where.
      return { warning: `capability file ${uri} is not UTF-8` };
    }
  }
}
