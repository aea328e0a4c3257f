import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MIB } from './row';

/** Size of the file that bulk output is made of, over and over. */
export const payloadBytes = 8 * MIB;

/** Bytes that repeat nowhere nearby, the same in every run, without line ends a terminal would change. */
export function makePayload(bytes: number): Buffer {
  const payload = Buffer.alloc(bytes);
  let state = 0x2545f491;
  for (let offset = 0; offset + 4 <= bytes; offset += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    // Printable ASCII only: a terminal acts on control characters.
    payload.writeUInt32LE(((state >>> 0) & 0x1f1f1f1f) + 0x40404040, offset);
  }
  return payload;
}

/** Writes the payload where a program can read it. */
export async function writePayload(folder: string, payload: Buffer): Promise<string> {
  const file = path.join(folder, 'payload');
  await writeFile(file, payload);
  return file;
}

/** Checks that what comes is the payload, over and over, with no byte lost or changed. */
export class PayloadCheck {
  private received = 0;

  constructor(private readonly payload: Buffer) {}

  get bytes(): number {
    return this.received;
  }

  take(chunk: Buffer): void {
    for (let offset = 0; offset < chunk.length;) {
      const at = this.received % this.payload.length;
      const length = Math.min(chunk.length - offset, this.payload.length - at);
      const isSame = this.payload.compare(chunk, offset, offset + length, at, at + length) === 0;
      if (!isSame) throw new Error(`The output differs near byte ${this.received}`);
      offset += length;
      this.received += length;
    }
  }
}
