import type { ProcessEvent } from '../environment/processBackend';
import type { EncodedMessage, OutgoingMessage } from '../protocol/outgoingMessage';
import { outputFrameLength, writeOutputFrame } from '../protocol/outputFrame';

type OutputEvent = Extract<ProcessEvent, { type: 'output' }>;

const OUTPUT_TAIL = '"}}';

/**
 * Writes the notifications of one process. Output is the hot path: the parts that never change are made
 * once, and base64 needs no escaping, so it goes straight into the frame.
 */
export class ProcessNotifications {
  private readonly head: string;
  private readonly outputHead: Buffer;
  private readonly processId: Buffer;

  constructor(processId: string) {
    this.processId = Buffer.from(processId);
    this.head = `","params":{"processId":${JSON.stringify(processId)},"seq":`;
    this.outputHead = Buffer.from(`{"method":"process/output${this.head}`);
  }

  /** @param binary the client takes output as it is. */
  encode(event: ProcessEvent, binary: boolean): OutgoingMessage {
    switch (event.type) {
      case 'output':
        if (binary) return this.binaryOutput(event);
        return this.output(`${event.seq},"stream":"${event.stream}","chunk":"`, event.chunk);
      case 'exited':
        return `{"method":"process/exited${this.head}${event.seq},"exitCode":${event.exitCode},"sandboxDenied":${event.sandboxDenied ?? false}}}`;
      case 'closed':
        return `{"method":"process/closed${this.head}${event.seq}}}`;
    }
  }

  private binaryOutput({ seq, stream, chunk }: OutputEvent): EncodedMessage {
    const { processId } = this;
    return {
      isBinary: true,
      byteLength: outputFrameLength(processId, chunk),
      writeTo: (target, offset) =>
        writeOutputFrame(target, offset, { processId, seq, stream, chunk }),
    };
  }

  private output(middle: string, chunk: Buffer): EncodedMessage {
    const { outputHead } = this;
    const base64Length = Math.ceil(chunk.length / 3) * 4;
    return {
      byteLength: outputHead.length + middle.length + base64Length + OUTPUT_TAIL.length,
      writeTo(target, offset) {
        let end = offset + outputHead.copy(target, offset);
        end += target.write(middle, end, 'latin1');
        end += target.write(chunk.toString('base64'), end, 'latin1');
        return end + target.write(OUTPUT_TAIL, end, 'latin1');
      },
    };
  }
}
