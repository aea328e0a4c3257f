/** Decides by the bearer token a request presents whether it may come in. */
export interface DoorLock {
  /** Why the token does not open, in words for its sender that hold nothing of it; nothing when it does. */
  refusalOf(token: string): string | undefined | Promise<string | undefined>;
}
