import type { KeyObject } from 'node:crypto';
import { createSecretKey } from 'node:crypto';
import type { Clock } from '../base/clock';
import type { DoorLock } from './doorLock';

export interface SignedTokenLockOptions {
  /** At least 32 bytes, which is the caller's to check. */
  readonly secret: Buffer;
  /** Absent: any issuer, and any audience. */
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  /** How far the clock of whoever signs may be off, both ways. */
  readonly maxClockSkewSeconds: number;
  readonly clock: Clock;
}

const NOT_A_TOKEN = 'invalid websocket jwt';

/** What the library's refusals are called on the wire; all others are one and the same to a stranger. */
const refusalOfClaim: Readonly<Record<string, string>> = {
  exp: 'expired websocket jwt',
  nbf: 'websocket jwt is not valid yet',
  iss: 'websocket jwt issuer mismatch',
  aud: 'websocket jwt audience mismatch',
};

/** Opens for tokens signed with a shared secret (JWT, HS256) as long as they say they are valid. */
export class SignedTokenLock implements DoorLock {
  // A key object never prints its bytes.
  private readonly key: KeyObject;
  private readonly rules: Omit<SignedTokenLockOptions, 'secret'>;

  constructor({ secret, ...rules }: SignedTokenLockOptions) {
    this.key = createSecretKey(secret);
    this.rules = rules;
  }

  async refusalOf(token: string): Promise<string | undefined> {
    const { issuer, audience, maxClockSkewSeconds, clock } = this.rules;
    // Loaded with the first token: a server without signed tokens has no use for it.
    const [{ jwtVerify }, { JOSEError, JWTClaimValidationFailed, JWTExpired }] = await Promise.all([
      import('jose/jwt/verify'),
      import('jose/errors'),
    ]);
    try {
      const { payload } = await jwtVerify(token, this.key, {
        algorithms: ['HS256'],
        requiredClaims: ['exp'],
        clockTolerance: maxClockSkewSeconds,
        currentDate: new Date(clock.now()),
        ...(issuer === undefined ? {} : { issuer }),
        ...(audience === undefined ? {} : { audience }),
      });
      const areWhole = [payload.exp, payload.nbf ?? 0].every(Number.isInteger);
      return areWhole ? undefined : NOT_A_TOKEN;
    } catch (error) {
      if (!(error instanceof JOSEError)) throw error;
      const isClaim = error instanceof JWTClaimValidationFailed || error instanceof JWTExpired;
      if (!isClaim || error.reason === 'invalid') return NOT_A_TOKEN;
      if (error.claim === 'exp' && error.reason === 'missing') return NOT_A_TOKEN;
      return refusalOfClaim[error.claim] ?? NOT_A_TOKEN;
    }
  }
}
