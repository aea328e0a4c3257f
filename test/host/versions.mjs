/**
 * Everything the tests fetch on demand, pinned in one place. None of it is a dev dependency: together it is
 * several hundred megabytes, and code-server's own package refuses to install under the Node this project uses.
 */

/** VS Code 1.139.1, as the `lib/vscode` folder of code-server's package. */
export const CODE_SERVER = '4.139.1';

/** The Node that VS Code server is built for; the project itself stays on Node 20. */
export const SERVER_NODE = '24.21.0';

/** Package version of `@sparticuz/chromium`, used only where the machine has no browser. */
export const CHROMIUM = '153.0.0';

/** The peer that recorded the protocol transcripts; interoperability tests run against the same one. */
export const CODEX = '0.169.0';
