import type { ProcessEvent } from '../environment/processBackend';

/**
 * Writes the notifications of one process. Output is the hot path: the parts that never change are made
 * once, and base64 needs no escaping, so a frame is one concatenation.
 */
export class ProcessNotifications {
  private readonly head: string;

  constructor(processId: string) {
    this.head = `","params":{"processId":${JSON.stringify(processId)},"seq":`;
  }

  encode(event: ProcessEvent): string {
    switch (event.type) {
      case 'output':
        return `{"method":"process/output${this.head}${event.seq},"stream":"${event.stream}","chunk":"${event.chunk.toString('base64')}"}}`;
      case 'exited':
        return `{"method":"process/exited${this.head}${event.seq},"exitCode":${event.exitCode},"sandboxDenied":false}}`;
      case 'closed':
        return `{"method":"process/closed${this.head}${event.seq}}}`;
    }
  }
}
