import { pathToFileURL } from 'node:url';
import type { RequestMethod } from '../../src/protocol/methods';

/** A request of the agents' wire. */
export type Call = readonly [method: RequestMethod, params: unknown];

/**
 * Every request but `initialize`, once, with parameters that mean something in a folder of the test. The
 * folder holds a file `there`; a process `live` that reads its input runs in the session.
 */
export function everyCall(folder: string): readonly Call[] {
  const uri = (name: string): string => pathToFileURL(`${folder}/${name}`).href;
  const params: Readonly<Record<Exclude<RequestMethod, 'initialize'>, unknown>> = {
    'environment/info': {},
    'environment/status': {},
    'process/start': {
      processId: 'started',
      argv: ['/bin/sh', '-c', 'echo ran > effect-of-start'],
      cwd: uri(''),
      env: {},
      tty: false,
    },
    'process/read': { processId: 'live', waitMs: 0 },
    'process/write': { processId: 'live', chunk: 'aGk=' },
    'process/resize': { processId: 'live', rows: 10, cols: 10 },
    'process/signal': { processId: 'live', signal: 'quit' },
    'process/closeStdin': { processId: 'live' },
    'process/terminate': { processId: 'live' },
    'fs/getMetadata': { path: uri('there') },
    'fs/readFile': { path: uri('there') },
    'fs/writeFile': { path: uri('effect-of-write'), dataBase64: 'aGk=' },
    'fs/createDirectory': { path: uri('effect-of-create') },
    'fs/readDirectory': { path: uri('') },
    'fs/canonicalize': { path: uri('there') },
    'fs/walk': {
      path: uri(''),
      options: { maxDepth: 1, maxDirectories: 1, maxEntries: 9, followDirectorySymlinks: false },
    },
    'fs/watchMissing': { watchId: 1, missing: [uri('missing')] },
    'fs/open': { handleId: 'h', path: uri('there') },
    'fs/readBlock': { handleId: 'h', offset: 0, len: 1 },
    'fs/writeBlock': { handleId: 'h', offset: 0, chunk: 'aGk=' },
    'fs/close': { handleId: 'h' },
    'fs/copy': {
      sourcePath: uri('there'),
      destinationPath: uri('effect-of-copy'),
      recursive: false,
    },
    'fs/remove': { path: uri('there') },
    'http/request': { requestId: 'r', method: 'GET', url: 'http://127.0.0.1:1/' },
    'environmentConfig/read': { cwd: uri(''), configPaths: [['model']], requirementsPaths: [] },
    'capabilities/discoverV2': { cwd: uri('') },
    'capabilityRoots/discoverV1': { roots: [{ id: 'r', path: uri('') }] },
  };
  return Object.entries(params).map(([method, value]) => [method as RequestMethod, value]);
}
