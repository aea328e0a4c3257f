import { decodeBase64Into } from './base64';
import type { OutputFrame } from './outputFrame';
import type { OutputStream } from './processMessages';

/*
 * A notification of output as servers write it, ours and the measured peer:
 *
 *   {"method":"process/output","params":{"processId":"p1","seq":7,"stream":"stdout","chunk":"aGk="}}
 */
const HEAD =
  /^\{"method":"process\/output","params":\{"processId":"([ !#-[\]-~]*)","seq":(\d{1,15}),"stream":"(stdout|stderr|pty)","chunk":"/;
const TAIL = '"}}';

/** Text in which the head has to end: that of the longest process id, and what is around it. */
const HEAD_BYTES = 512;

/** The shortest message worth it; a key stroke's echo is read as JSON in no more time. */
const MIN_BYTES = 1024;

/** Room for one read of a pipe. More output than this comes in few messages, whose cost is another. */
const MAX_OUTPUT_BYTES = 64 * 1024;

/**
 * Reads bulk output without the detour through JSON, which would look at every character three times
 * and copy each twice. What is not written exactly like that is left to the parser.
 */
export class OutputTextReader {
  private memory: Buffer | undefined;

  /** @returns `undefined` for anything else; the chunk is valid until the next call. */
  read(message: Buffer): OutputFrame | undefined {
    if (message.length < MIN_BYTES) return undefined;
    const head = HEAD.exec(message.toString('latin1', 0, HEAD_BYTES));
    const end = message.length - TAIL.length;
    if (head === null || message.toString('latin1', end) !== TAIL) return undefined;
    const [{ length: start }, processId = '', seq, stream] = head;
    this.memory ??= Buffer.allocUnsafeSlow(MAX_OUTPUT_BYTES);
    // Everything a string would have to escape is no base64 either.
    const chunk = decodeBase64Into(this.memory, message.toString('latin1', start, end));
    // The expression takes these and no others.
    return chunk && { processId, seq: Number(seq), stream: stream as OutputStream, chunk };
  }
}
