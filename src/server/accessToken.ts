import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { inspect } from 'node:util';

/** 256 bits: beyond guessing, so that wrong guesses need no lock-out that could hit the owner. */
const TOKEN_BYTES = 32;

/** A secret that opens one door of the listener. It prints as `***`; only `reveal` gives the text. */
export class AccessToken {
  private readonly digest: Buffer;

  constructor(private readonly text: string) {
    this.digest = digestOf(text);
  }

  static random(): AccessToken {
    return new AccessToken(randomBytes(TOKEN_BYTES).toString('base64url'));
  }

  /** Compares digests, which have one length whatever was presented, in constant time. */
  matches(presented: string | undefined): boolean {
    return timingSafeEqual(this.digest, digestOf(presented ?? '')) && presented !== undefined;
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

/** The token of `Authorization: Bearer …`, if the header is there and of that form. */
export function bearerTokenOf(request: IncomingMessage): string | undefined {
  return /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
