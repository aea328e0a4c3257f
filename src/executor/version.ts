import { version } from '../../package.json';

/** The version of this executor, as `environment/info` tells it. */
export const executorVersion: string = version;
