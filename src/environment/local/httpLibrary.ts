/** A bundle of its own beside the executor's: only parsing it would cost every start a tenth of its time. */
export { EnvHttpProxyAgent } from 'undici';
