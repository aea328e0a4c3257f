import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';
import type { DoorLock } from './doorLock';

/** 256 bits: beyond guessing, so that wrong guesses need no lock-out that could hit the owner. */
const TOKEN_BYTES = 32;

const WRONG_TOKEN = 'invalid websocket bearer token';

/** A secret that opens one door of the listener. It prints as `***`; only `reveal` gives the text. */
export class AccessToken implements DoorLock {
  private readonly digest: Buffer;

  constructor(private readonly text: string) {
    this.digest = digestOf(text);
  }

  static random(): AccessToken {
    return new AccessToken(randomBytes(TOKEN_BYTES).toString('base64url'));
  }

  /** Compares digests, which have one length whatever was presented, in constant time. */
  matches(presented: string | undefined): boolean {
    return presented !== undefined && timingSafeEqual(this.digest, digestOf(presented));
  }

  refusalOf(presented: string): string | undefined {
    return this.matches(presented) ? undefined : WRONG_TOKEN;
  }

  reveal(): string {
    return this.text;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}

/** Opens for the token that has a digest, so that whoever starts the server need not hold the token. */
export class TokenDigest implements DoorLock {
  /** @param digest its SHA-256. */
  constructor(private readonly digest: Buffer) {}

  refusalOf(presented: string): string | undefined {
    return timingSafeEqual(this.digest, digestOf(presented)) ? undefined : WRONG_TOKEN;
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
