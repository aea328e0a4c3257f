import type { ReadResponse } from '../../../src/protocol/processMessages';

/** What `process/read` answers for a running process with a chunk of one byte for each number. */
export const readAnswer = (
  seqs: readonly number[],
  parts: Partial<ReadResponse> = {},
): ReadResponse => ({
  chunks: seqs.map((seq) => ({ seq, stream: 'stdout', chunk: 'eA==' })),
  nextSeq: (seqs.at(-1) ?? 0) + 1,
  exited: false,
  exitCode: null,
  closed: false,
  failure: null,
  ...parts,
});
