import { createHash } from 'node:crypto';
import { ExecServerError } from '../../base/errors';

/** The bounds of a number, both included. */
export interface CountRange {
  readonly min: number;
  readonly max: number;
}

/**
 * What a model wants a tool to do. The editor hands it over as the model wrote it, whatever the schema
 * says, so each member is checked where it is read.
 */
export class ToolInput {
  private readonly members: ReadonlyMap<string, unknown>;

  constructor(value: unknown) {
    const isObject = typeof value === 'object' && value !== null;
    this.members = new Map<string, unknown>(isObject ? Object.entries(value) : []);
  }

  /** The same for two inputs that ask for the same. */
  get fingerprint(): string {
    return createHash('sha256')
      .update(JSON.stringify([...this.members]))
      .digest('base64');
  }

  /** @throws ExecServerError `invalidArguments` when it is absent or no text, as all that follow. */
  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw invalidInput(`\`${name}\` is missing`);
    return value;
  }

  optionalText(name: string): string | undefined {
    const value = this.member(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw invalidInput(`\`${name}\` must be a string`);
    return value;
  }

  optionalFlag(name: string): boolean | undefined {
    const value = this.member(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'boolean') throw invalidInput(`\`${name}\` must be true or false`);
    return value;
  }

  count(name: string): number {
    const value = this.optionalCount(name);
    if (value === undefined) throw invalidInput(`\`${name}\` is missing`);
    return value;
  }

  /** A whole number of 0 or more. */
  optionalCount(name: string): number | undefined {
    const value = this.member(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw invalidInput(`\`${name}\` must be a whole number of 0 or more`);
    }
    return value;
  }

  /** The same, moved into the range: a model that asks for more gets what there is. */
  countWithin(name: string, standard: number, { min, max }: CountRange): number {
    return Math.min(Math.max(this.optionalCount(name) ?? standard, min), max);
  }

  /** Models write `null` for what they leave out. */
  private member(name: string): unknown {
    return this.members.get(name) ?? undefined;
  }
}

/** A mistake of the model, which can mend it. */
export function invalidInput(reason: string): ExecServerError {
  return new ExecServerError('invalidArguments', `Failed to read the tool's input: ${reason}`);
}

/** Something that cannot be done, in words for the model. */
export function toolFailed(message: string, cause?: unknown): ExecServerError {
  return new ExecServerError('toolFailed', message, cause === undefined ? undefined : { cause });
}
