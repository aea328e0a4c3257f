import { expect, it } from 'vitest';
import { redactSecrets } from '../../../src/base/logger';

it('takes tokens out of a text and leaves the words about them', () => {
  expect(
    [
      'ws://127.0.0.1:1/?token=s3cret&x=1',
      'Authorization: Bearer s3cret',
      'Authorization: Bearer token-s3cret',
      'HTTP status 401 (invalid websocket bearer token); check the token',
    ].map(redactSecrets),
  ).toEqual([
    'ws://127.0.0.1:1/?token=***&x=1',
    'Authorization: Bearer ***',
    'Authorization: Bearer ***',
    'HTTP status 401 (invalid websocket bearer token); check the token',
  ]);
});
