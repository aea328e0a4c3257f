import { version } from '../../package.json';

/** The version of this executor. What agents are told is `PROTOCOL_RELEASE`. */
export const executorVersion: string = version;
