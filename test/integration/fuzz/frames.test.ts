import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzzParameters, fuzzSeed, jsonText, oddName, oddValue } from '../../support/fuzzing';
import { FuzzedServer } from '../../support/fuzzedServer';
import { RawConnection, requestText, upgradeHeaders } from '../../support/wireHttp';
import { failOnLeaks, until } from '../../support/wireLeaks';

failOnLeaks();

/** JSON that is nearly right, as bytes: whole, cut short, with a byte changed, or with one twice. */
const nearlyJson = fc
  .tuple(
    fc.oneof(
      oddValue.map(jsonText),
      fc.dictionary(oddName, oddValue, { maxKeys: 6 }).map(jsonText),
      fc.constantFrom(1_000, 300_000).map((count) => `[${'[],'.repeat(count)}1]`),
      fc.constantFrom(100, 1_000, 100_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
      fc.constantFrom('{"id":1,"id":2,"method":"a","method":"b"}', '{"a":1,"a":2}', '{"":{}}'),
    ),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.constantFrom('whole', 'cut', 'changed', 'doubled'),
    fc.nat(255),
  )
  .map(([text, share, how, byte]) => {
    const bytes = Buffer.from(text);
    const at = Math.floor(share * bytes.length);
    if (how === 'cut') return bytes.subarray(0, at);
    if (how === 'changed' && at < bytes.length) bytes[at] = byte;
    return how === 'doubled' ? Buffer.concat([bytes, bytes]) : bytes;
  });

const payload = fc.oneof(
  nearlyJson,
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary', maxLength: 100 }).map((text) => Buffer.from(text)),
);

const frame = fc.record({
  payload,
  isBinary: fc.boolean(),
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
});

/** The parts of a message, some of them empty. */
function partsOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((share) => Math.floor(share * bytes.length)), bytes.length].sort(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

describe(`any bytes (seed ${fuzzSeed})`, () => {
  it('in well formed frames are answered, and the connection goes on serving', async () => {
    const fuzzed = await FuzzedServer.start();
    await fc.assert(
      fc.asyncProperty(frame, async ({ payload: bytes, isBinary, cuts }) => {
        const client = await fuzzed.ready();
        const send = (): void => {
          const parts = partsOf(bytes, cuts);
          for (const [index, part] of parts.entries()) {
            client.sendFragment(part, index === parts.length - 1, isBinary);
          }
        };
        if (!isBinary && !isUtf8(bytes)) {
          // A text frame has to be text; WebSocket itself says so.
          send();
          expect(await client.closed).toMatchObject({ code: 1007 });
          return;
        }
        const answers = await fuzzed.survives(client, send);
        expect(answers.length).toBeLessThanOrEqual(1);
      }),
      fuzzParameters(400),
    );
    expect(fuzzed.unforeseen).toEqual([]);
  });

  it('instead of frames end that connection at most, and no other', async () => {
    const fuzzed = await FuzzedServer.start();
    const { port, token } = fuzzed.server;
    const upgrade = requestText(`GET /?token=${token} HTTP/1.1`, upgradeHeaders());
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const connection = await RawConnection.open(port);
        connection.send(upgrade);
        await until(() => connection.text.includes('\r\n\r\n'), 'the upgrade is answered');
        connection.send(Buffer.from(bytes).toString('latin1'));
        await fuzzed.survives(await fuzzed.ready(), () => undefined);
        connection.socket.destroy();
      }),
      fuzzParameters(60),
    );
    expect(fuzzed.unforeseen).toEqual([]);
  });

  it('instead of a request line and headers end that connection only', async () => {
    const fuzzed = await FuzzedServer.start();
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom(
        'GET / HTTP/1.1\r\n',
        'Host: 127.0.0.1\r\n',
        '\r\n',
        'Upgrade: websocket\r\n',
      ),
      fc.constantFrom(
        'Connection: Upgrade\r\n',
        'Authorization: Bearer ',
        'Origin:\r\n',
        '?token=',
      ),
      fc.constantFrom('Content-Length: -1\r\n', 'Transfer-Encoding: chunked\r\n', 'Expect: x\r\n'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const connection = await RawConnection.open(fuzzed.server.port);
        connection.send(pieces.join(''));
        await fuzzed.survives(await fuzzed.ready(), () => undefined);
        connection.socket.destroy();
        expect(connection.text).not.toContain(' 101 ');
      }),
      fuzzParameters(100),
    );
    expect(fuzzed.unforeseen).toEqual([]);
  });
});
