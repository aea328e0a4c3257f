import { expect } from 'vitest';
import { refused } from './harness/agent';
import { conformance } from './harness/conformance';
import { wording } from './harness/difference';

/** Every method with parameters, and the first member each misses. */
const methods: readonly (readonly [method: string, firstMember: string])[] = [
  ['process/start', 'processId'],
  ['process/read', 'processId'],
  ['process/write', 'processId'],
  ['process/signal', 'processId'],
  ['process/terminate', 'processId'],
  ['fs/getMetadata', 'path'],
  ['fs/readFile', 'path'],
  ['fs/writeFile', 'path'],
  ['fs/createDirectory', 'path'],
  ['fs/readDirectory', 'path'],
  ['fs/canonicalize', 'path'],
  ['fs/remove', 'path'],
  ['fs/copy', 'sourcePath'],
  ['fs/walk', 'path'],
  ['fs/open', 'handleId'],
  ['fs/readBlock', 'handleId'],
  ['fs/writeBlock', 'handleId'],
  ['fs/close', 'handleId'],
  ['fs/watchMissing', 'watchId'],
  ['http/request', 'method'],
  ['environmentConfig/read', 'cwd'],
  ['capabilities/discoverV2', 'cwd'],
  ['capabilityRoots/discoverV1', 'roots'],
];

const noObject = wording(
  'invalid type: null, expected an object',
  expect.stringMatching(/^invalid type: null, expected struct \w+$/),
);

conformance('parameters', (scenario) => {
  scenario('an empty object misses the first member', async (stage) => {
    const agent = await stage.open();
    await agent.talks(
      methods.map(([method, member]) => [
        method,
        {},
        refused(-32602, `missing field \`${member}\``),
      ]),
    );
  });

  scenario('no parameters are null, and null is no object', async (stage) => {
    const agent = await stage.open();
    await agent.talks(
      methods.flatMap(([method]) => {
        const answer = refused(-32602, noObject);
        return [
          [method, undefined, answer],
          [method, null, answer],
        ] as const;
      }),
    );
  });

  scenario('methods that are only said to exist do not', async (stage) => {
    const agent = await stage.open();
    await agent.talks(
      ['fs/unwatch', 'capabilities/discover', 'shell/snapshot', 'network/policyDecision'].map(
        (method) => [
          method,
          {},
          refused(
            -32601,
            wording(
              `exec-server does not implement \`${method}\``,
              `exec-server stub does not implement \`${method}\` yet`,
            ),
          ),
        ],
      ),
    );
  });
});
