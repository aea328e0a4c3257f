/** Changes `changed.txt` (lines `one` and `two`), adds `docs/added.md` and deletes `removed.txt`. */
export const SAMPLE_PATCH = [
  '*** Begin Patch',
  '*** Update File: changed.txt',
  '@@',
  '-one',
  '+ONE',
  '*** Add File: docs/added.md',
  '+made by an agent',
  '*** Delete File: removed.txt',
  '*** End Patch',
].join('\n');
