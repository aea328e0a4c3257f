import { createHash, createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { upgradeHeaders } from '../support/wireHttp';
import type { HeaderLines } from '../support/wireHttp';
import { expect } from 'vitest';
import { conformance } from './harness/conformance';
import type { Scenario, Stage } from './harness/conformance';
import { differs, expectedOf } from './harness/difference';
import { ask, knock } from './harness/http';
import type { RunningServer } from './harness/server';

const TOKEN = 'a-token-of-the-conformance-suite';
const SECRET = 'a secret of the conformance suite, 32 bytes and more';

const OPEN = { status: 101, body: '' };
const refused = (body: unknown) => ({ status: 401, body });

/** Asks for an upgrade with one Authorization header, or none. */
async function present(
  { port }: RunningServer,
  authorization: string | undefined,
  path = '/',
): Promise<unknown> {
  const more: HeaderLines = authorization === undefined ? [] : [['Authorization', authorization]];
  const { status, body } = await knock(port, path, upgradeHeaders(more));
  return { status, body };
}

/** Each header and the answer to it. */
async function knocks(
  stage: Stage,
  server: RunningServer,
  table: readonly (readonly [authorization: string | undefined, answer: unknown])[],
): Promise<void> {
  const heard: unknown[] = [];
  for (const [authorization] of table) {
    heard.push([authorization, await present(server, authorization)]);
  }
  expect(heard).toEqual(
    table.map(([authorization, answer]) => [authorization, expectedOf(stage.side, answer)]),
  );
}

/** Wrong in the same way with either kind of capability token. */
function capabilityScenarios(scenario: Scenario, flags: (stage: Stage) => Promise<string[]>): void {
  scenario('the token opens, in any case of the scheme', async (stage) => {
    const server = await stage.start({ args: await flags(stage) });
    await knocks(stage, server, [
      [`Bearer ${TOKEN}`, OPEN],
      [`bearer ${TOKEN}`, OPEN],
      [`BEARER ${TOKEN}`, OPEN],
    ]);
  });

  scenario('anything else is refused with the reason', async (stage) => {
    const server = await stage.start({ args: await flags(stage) });
    const invalid = refused('invalid authorization header');
    await knocks(stage, server, [
      [undefined, refused('missing websocket bearer token')],
      ['Bearer wrong', refused('invalid websocket bearer token')],
      [`Bearer ${TOKEN}x`, refused('invalid websocket bearer token')],
      [`Basic ${TOKEN}`, invalid],
      [TOKEN, invalid],
      ['Bearer ', invalid],
      ['Bearer', invalid],
    ]);
  });

  scenario('readyz needs no token, and an Origin is refused with a good one', async (stage) => {
    const server = await stage.start({ args: await flags(stage) });
    const ready = await ask(server.port, 'GET /readyz');
    const foreign = await ask(server.port, 'GET /', [
      ['Origin', 'null'],
      ['Authorization', `Bearer ${TOKEN}`],
    ]);
    expect([ready.status, foreign.status]).toEqual([200, 403]);
  });

  scenario('the token in the query', async (stage) => {
    const server = await stage.start({ args: await flags(stage) });
    expect(await present(server, undefined, `/?token=${TOKEN}`)).toEqual(
      expectedOf(
        stage.side,
        differs({
          ours: OPEN,
          peer: refused('missing websocket bearer token'),
          because: 'the Codex CLI can be given a URL and no header',
        }),
      ),
    );
  });
}

conformance('a capability token in a file', (scenario) => {
  capabilityScenarios(scenario, async ({ folder }) => {
    const file = join(folder, 'token');
    // White space around it is what an editor or echo leaves.
    await writeFile(file, ` ${TOKEN}\n\n`);
    return ['--ws-auth', 'capability-token', '--ws-token-file', file];
  });
});

conformance('a capability token by its SHA-256', (scenario) => {
  capabilityScenarios(scenario, () => {
    const digest = createHash('sha256').update(TOKEN).digest('hex');
    return Promise.resolve(['--ws-auth', 'capability-token', '--ws-token-sha256', digest]);
  });
});

type Claims = Readonly<Record<string, unknown>>;

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function jwt(claims: Claims, { alg = 'HS256', secret = SECRET } = {}): string {
  const signed = `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
  const digest = alg === 'HS512' ? 'sha512' : 'sha256';
  const signature = createHmac(digest, secret).update(signed).digest('base64url');
  return `Bearer ${signed}.${alg === 'none' ? '' : signature}`;
}

/** Seconds from now. */
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

async function signedFlags({ folder }: Stage): Promise<string[]> {
  const file = join(folder, 'secret');
  await writeFile(file, `${SECRET}\n`);
  return ['--ws-auth', 'signed-bearer-token', '--ws-shared-secret-file', file];
}

conformance('signed tokens', (scenario) => {
  scenario('a token that is signed and has not expired opens', async (stage) => {
    const server = await stage.start({ args: await signedFlags(stage) });
    await knocks(stage, server, [
      [jwt({ exp: inSeconds(600) }), OPEN],
      [jwt({ exp: inSeconds(600), nbf: inSeconds(-600), iss: 'any', aud: 'any' }), OPEN],
      // Clocks may differ by half a minute.
      [jwt({ exp: inSeconds(-5) }), OPEN],
      [jwt({ exp: inSeconds(600), nbf: inSeconds(5) }), OPEN],
    ]);
  });

  scenario('one that is not signed in the one way, or says not when it expires', async (stage) => {
    const server = await stage.start({ args: await signedFlags(stage) });
    const invalid = refused('invalid websocket jwt');
    const exp = inSeconds(600);
    await knocks(stage, server, [
      [undefined, refused('missing websocket bearer token')],
      ['Basic x', refused('invalid authorization header')],
      ['Bearer garbage', invalid],
      [jwt({ exp }, { secret: `another ${SECRET}` }), invalid],
      [jwt({ exp }, { alg: 'HS512' }), invalid],
      [jwt({ exp }, { alg: 'none' }), invalid],
      [jwt({}), invalid],
      [jwt({ exp: exp + 0.5 }), invalid],
    ]);
  });

  scenario('one that is out of its time', async (stage) => {
    const server = await stage.start({
      args: [...(await signedFlags(stage)), '--ws-max-clock-skew-seconds', '0'],
    });
    await knocks(stage, server, [
      [jwt({ exp: inSeconds(-5) }), refused('expired websocket jwt')],
      [
        jwt({ exp: inSeconds(600), nbf: inSeconds(500) }),
        refused('websocket jwt is not valid yet'),
      ],
    ]);
  });

  scenario('issuer and audience count once they are named', async (stage) => {
    const server = await stage.start({
      args: [...(await signedFlags(stage)), '--ws-issuer', 'me', '--ws-audience', 'here'],
    });
    const exp = inSeconds(600);
    const issuer = refused('websocket jwt issuer mismatch');
    const audience = refused('websocket jwt audience mismatch');
    await knocks(stage, server, [
      [jwt({ exp, iss: 'me', aud: 'here' }), OPEN],
      [jwt({ exp, iss: 'me', aud: ['there', 'here'] }), OPEN],
      [jwt({ exp, iss: 'you', aud: 'here' }), issuer],
      [jwt({ exp, aud: 'here' }), issuer],
      [jwt({ exp, iss: 'me', aud: 'there' }), audience],
      [jwt({ exp, iss: 'me' }), audience],
    ]);
  });
});
