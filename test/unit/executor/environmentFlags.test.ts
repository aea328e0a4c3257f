import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../src/executor/environmentFlags';
import { temporaryFolder } from '../../support/temporaryFolder';

const variables = { CODEX_EXEC_SERVER_URL: 'ws://127.0.0.1:4000/?token=canary' };

describe('readEnvironment', () => {
  it('takes the flag, else the variable, else this machine', () => {
    expect([
      readEnvironment({}, {}),
      readEnvironment({}, variables),
      readEnvironment({}, { CODEX_EXEC_SERVER_URL: 'None' }),
      readEnvironment({ environment: 'Local' }, variables),
      readEnvironment({ environment: 'NONE' }, variables),
      readEnvironment({ environment: 'wss://box.example' }, variables),
      readEnvironment({ environment: 'local' }, { CODEX_EXEC_SERVER_URL: 'nonsense' }),
    ]).toEqual([
      { choice: { mode: 'local' }, chosenBy: 'CODEX_EXEC_SERVER_URL' },
      {
        choice: {
          mode: 'remote',
          remote: {
            name: '127.0.0.1:4000',
            endpoint: { url: 'ws://127.0.0.1:4000/?token=canary' },
          },
        },
        chosenBy: 'CODEX_EXEC_SERVER_URL',
      },
      { choice: { mode: 'disabled' }, chosenBy: 'CODEX_EXEC_SERVER_URL' },
      { choice: { mode: 'local' }, chosenBy: '--environment' },
      { choice: { mode: 'disabled' }, chosenBy: '--environment' },
      {
        choice: {
          mode: 'remote',
          remote: { name: 'box.example', endpoint: { url: 'wss://box.example' } },
        },
        chosenBy: '--environment',
      },
      { choice: { mode: 'local' }, chosenBy: '--environment' },
    ]);
  });

  it('takes the token of the remote from a file', async () => {
    const file = join(await temporaryFolder(), 'token');
    await writeFile(file, '  secret-word\n');
    const flags = { 'environment-token-file': file };
    const remote = (environment: string) => readEnvironment({ ...flags, environment }, {}).choice;
    expect([
      remote('wss://box.example'),
      readEnvironment(flags, { CODEX_EXEC_SERVER_URL: 'wss://box.example' }).choice,
    ]).toEqual(
      Array.from({ length: 2 }, () => ({
        mode: 'remote',
        remote: {
          name: 'box.example',
          endpoint: { url: 'wss://box.example', token: 'secret-word' },
        },
      })),
    );
    for (const environment of ['local', 'none']) {
      expect(() => remote(environment)).toThrow(
        expect.objectContaining({
          code: 'inconsistentArguments',
          message: '--environment-token-file makes sense only with an address as --environment',
        }),
      );
    }
  });

  it('says what is wrong with a value, and never shows it', () => {
    const file = '/nowhere/token';
    const flags = { environment: 'ws://a.example', 'environment-token-file': file };
    expect(() => readEnvironment({ environment: 'canary' }, {})).toThrow(
      '--environment must be an address such as ws://127.0.0.1:4000 or wss://box.example',
    );
    expect(() => readEnvironment({}, { CODEX_EXEC_SERVER_URL: 'canary' })).toThrow(
      /^CODEX_EXEC_SERVER_URL must be an address/,
    );
    expect(() => readEnvironment(flags, {})).toThrow(
      /^Failed to read --environment-token-file \/nowhere\/token: ENOENT/,
    );
  });
});
