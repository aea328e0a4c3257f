/**
 * The release of the Codex CLI whose exec-server this one is measured against. Clients take
 * `executorVersion` for it and decide by it what they may ask: release 0.169.0 asks a server that calls
 * itself 0.150.0 for no capabilities, for example.
 */
export const PROTOCOL_RELEASE = '0.169.0';
