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

/**
 * Releases of the Codex CLI that must work, oldest first, and what is known of each. Releases with `gpt-5.5` do not
 * need it, but earlier ones do not know it, and the model decides which tools are on offer.
 *
 * @typedef {object} CodexRelease
 * @property {string} version
 * @property {'gpt-5.4' | 'gpt-5.5'} model
 * @property {'polling' | 'notifications'} reads how it takes output: polling, it misses what is dropped meanwhile
 * @property {'locally' | 'through the server'} patches
 * @property {'plain' | 'from a snapshot'} shells what it can be configured to ask for
 * @property {'gives up' | 'opens a fresh session' | 'resumes its session'} afterCut
 *
 * @type {readonly CodexRelease[]}
 */
export const CODEX_RELEASES = [
  {
    version: '0.118.0',
    model: 'gpt-5.4',
    reads: 'polling',
    patches: 'locally',
    shells: 'plain',
    afterCut: 'gives up',
  },
  {
    version: '0.125.0',
    model: 'gpt-5.4',
    reads: 'polling',
    patches: 'through the server',
    shells: 'plain',
    afterCut: 'gives up',
  },
  {
    version: '0.131.0',
    model: 'gpt-5.4',
    reads: 'polling',
    patches: 'through the server',
    shells: 'plain',
    afterCut: 'gives up',
  },
  {
    version: '0.140.0',
    model: 'gpt-5.4',
    reads: 'polling',
    patches: 'through the server',
    shells: 'plain',
    afterCut: 'opens a fresh session',
  },
  {
    version: '0.150.0',
    model: 'gpt-5.5',
    reads: 'notifications',
    patches: 'through the server',
    shells: 'from a snapshot',
    afterCut: 'resumes its session',
  },
  {
    version: '0.160.0',
    model: 'gpt-5.5',
    reads: 'notifications',
    patches: 'through the server',
    shells: 'from a snapshot',
    afterCut: 'resumes its session',
  },
  {
    version: CODEX,
    model: 'gpt-5.5',
    reads: 'notifications',
    patches: 'through the server',
    shells: 'from a snapshot',
    afterCut: 'resumes its session',
  },
];
