import { constants } from 'node:fs';

/** Windows lacks some of the names; what is absent there has no meaning there. */
const flag: Readonly<Record<string, number | undefined>> = constants;

/** Opens a directory only to name things in it, which needs no right to list it. Node does not name it. */
const O_PATH = 0o10000000;

/** An open that finds a fifo, a terminal or a device must neither wait for it nor take it over. */
const neverWait = (flag['O_NONBLOCK'] ?? 0) | (flag['O_NOCTTY'] ?? 0);
const noFollow = flag['O_NOFOLLOW'] ?? 0;

/** How files are opened here. Nothing is truncated by opening: first it is known what was opened. */
export const openFlags = {
  read: constants.O_RDONLY | neverWait,
  readNoFollow: constants.O_RDONLY | neverWait | noFollow,
  writeNoFollow: constants.O_WRONLY | constants.O_CREAT | neverWait | noFollow,
  /** Linux only. */
  holdDirectory: O_PATH | (flag['O_DIRECTORY'] ?? 0) | noFollow,
  /** Linux only: the directory a path leads to. Where that is, the system tells once it is held. */
  holdLinkedDirectory: O_PATH | (flag['O_DIRECTORY'] ?? 0),
} as const;
