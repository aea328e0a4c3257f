/** The argument that makes the executor read an `OwnedStart` from stdin instead of its command line. */
export const OWNED_ARGUMENT = '--owned';
