import { plural } from '../model/duration';

const dim = (text: string): string => `\u001b[2m${text}\u001b[0m`;

/** A line of ours between output: begins on a line of its own and leaves the cursor on the next. */
const ownLine = (text: string): string => `\r\n${dim(`[${text}]`)}\r\n`;

/**
 * Puts the terminal back into a usable shape after a program that died in the middle of drawing: normal
 * screen (mode 47, because 1049 would also move the cursor), no mouse reports, soft reset.
 */
const RESET_DRAWING = '\u001b[?47l\u001b[?9;1000;1002;1003;2004l\u001b[!p';

/** The lines the viewer itself writes, at places where no program draws, dimmed and in brackets to tell them from output. */
export const terminalNotices = {
  droppedBytes: (bytes: number): string =>
    ownLine(`${plural(bytes, 'byte')} of earlier output are no longer kept`),
  exited: (exitCode: number | undefined): string =>
    RESET_DRAWING +
    ownLine(exitCode === undefined ? 'process ended' : `process exited with code ${exitCode}`),
  lost: RESET_DRAWING + ownLine('The executor has ended: what became of this process is not known'),
  cannotOpen: (reason: string): string => ownLine(`The output cannot be shown: ${reason}`),
} as const;
