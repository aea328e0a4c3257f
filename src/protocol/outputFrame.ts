import type { OutputStream } from './processMessages';

/*
 * Output as it is, for clients that asked for it in `initialize` (`binaryOutput`): one binary WebSocket
 * message in place of each `process/output` notification. Numbers are big-endian.
 *
 *   byte 0    1, the only kind there is
 *   byte 1    stream: 0 stdout, 1 stderr, 2 pty
 *   byte 2    length of the process id, 2 bytes
 *   byte 4    seq, 8 bytes
 *   byte 12   the process id in UTF-8, and then the output
 */
const OUTPUT_KIND = 1;
const HEAD_BYTES = 12;

const streams: readonly OutputStream[] = ['stdout', 'stderr', 'pty'];

/** One piece of output and whose it is. */
export interface OutputFrame {
  readonly processId: string;
  readonly stream: OutputStream;
  readonly seq: number;
  readonly chunk: Buffer;
}

/** @param processId in UTF-8. */
export function outputFrameLength(processId: Buffer, chunk: Buffer): number {
  return HEAD_BYTES + processId.length + chunk.length;
}

/** @returns the offset behind what was written. */
export function writeOutputFrame(
  target: Buffer,
  offset: number,
  frame: Omit<OutputFrame, 'processId'> & { readonly processId: Buffer },
): number {
  const { processId, stream, seq, chunk } = frame;
  target[offset] = OUTPUT_KIND;
  target[offset + 1] = streams.indexOf(stream);
  target.writeUInt16BE(processId.length, offset + 2);
  target.writeBigUInt64BE(BigInt(seq), offset + 4);
  const start = offset + HEAD_BYTES + processId.copy(target, offset + HEAD_BYTES);
  return start + chunk.copy(target, start);
}

/** Whether a message is output as it is, and no JSON text: none of those begins with this byte. */
export function isOutputFrame(message: Buffer): boolean {
  return message[0] === OUTPUT_KIND;
}

/** Reads a binary message. @returns `undefined` for one that is no output. */
export function parseOutputFrame(bytes: Buffer): OutputFrame | undefined {
  if (bytes.length < HEAD_BYTES || bytes[0] !== OUTPUT_KIND) return undefined;
  const stream = streams[bytes.readUInt8(1)];
  const start = HEAD_BYTES + bytes.readUInt16BE(2);
  if (stream === undefined || start > bytes.length) return undefined;
  return {
    processId: bytes.toString('utf8', HEAD_BYTES, start),
    stream,
    seq: Number(bytes.readBigUInt64BE(4)),
    chunk: bytes.subarray(start),
  };
}
