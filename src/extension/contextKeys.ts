/** The keys `when` clauses in `package.json` may use, with the values each can have. */
export const contextKeys = {
  'execServer.state': ['noFolder', 'stopped', 'starting', 'running', 'restarting', 'failed'],
  'execServer.mode': ['local', 'disabled'],
  /** Who types into the terminal in front, if it is one of ours whose process runs and takes input. */
  'execServer.activeTerminal': ['none', 'agent', 'user'],
} as const;

/** One value for each key. */
export type ContextKeyValues = {
  readonly [K in keyof typeof contextKeys]: (typeof contextKeys)[K][number];
};
