import { startServer } from '../contestant';
import type { Row } from '../row';
import { median } from '../row';

const starts = 5;

/** From the spawn to the line that says where the server listens. */
export const startupRow: Row = {
  name: 'startup',
  lines: { ms: { label: 'start to listening', unit: 'ms', goal: { atMost: 4 } } },
  async measure({ contestant, folder }) {
    const samples: number[] = [];
    for (let number = 0; number < starts; number += 1) {
      const server = await startServer(contestant, folder);
      samples.push(server.startMs);
      await server.stop();
    }
    return { ms: median(samples) };
  },
};
