import { upgradeHeaders } from '../support/wireHttp';
import type { HeaderLines, RawResponse } from '../support/wireHttp';
import { conformance } from './harness/conformance';
import { differs } from './harness/difference';
import { ask, knock } from './harness/http';

/** The parts of an answer that mean something to a client. */
const meaning = ({ status, headers, body }: RawResponse) => ({
  status,
  ...(headers['allow'] === undefined ? {} : { allow: headers['allow'] }),
  body,
});

const ACCEPTED = { status: 101, body: '' };

/** A refusal the peer explains. */
const explained = (status: number, text: string) => ({
  status,
  body: differs({ ours: '', peer: text, because: 'a stranger learns nothing from a refusal' }),
});

/** The headers of an upgrade with one of them replaced, or left out. */
function headersWith(name: string, value?: string): HeaderLines {
  return upgradeHeaders().flatMap(([key, text]): [string, string][] => {
    if (key !== name) return [[key, text]];
    return value === undefined ? [] : [[key, value]];
  });
}

conformance('plain HTTP requests', (scenario) => {
  scenario('readyz is for everybody who asks whether it listens', async (stage) => {
    const { port } = stage.server;
    const agent = await stage.connect();
    agent.sees(meaning(await ask(port, 'GET /readyz')), { status: 200, body: '' });
    agent.sees(meaning(await ask(port, 'HEAD /readyz')), { status: 200, body: '' });
    agent.sees(meaning(await ask(port, 'POST /readyz')), {
      status: 405,
      allow: 'GET,HEAD',
      body: '',
    });
  });

  scenario('nothing else is there', async (stage) => {
    const agent = await stage.connect();
    for (const path of ['/healthz', '/health', '/metrics', '/readyz/', '/x']) {
      const answer = await ask(stage.server.port, `GET ${path}`);
      agent.sees(meaning(answer), { status: 404, body: '' });
    }
  });

  scenario('the root is for WebSockets', async (stage) => {
    const { port } = stage.server;
    const agent = await stage.connect();
    agent.sees(
      meaning(await ask(port, 'GET /')),
      explained(400, "Connection header did not include 'upgrade'"),
    );
    for (const method of ['POST', 'OPTIONS', 'DELETE']) {
      agent.sees(
        meaning(await ask(port, `${method} /`)),
        differs({
          ours: { status: 405, allow: 'GET', body: '' },
          peer: { status: 405, body: 'Request method must be `GET`' },
          because: 'a 405 names the methods there are (RFC 9110, 15.5.6)',
        }),
      );
    }
  });

  scenario('an Origin is refused, whatever it says and wherever', async (stage) => {
    const { port } = stage.server;
    const agent = await stage.connect();
    for (const origin of ['http://localhost', 'null', '']) {
      const headers: HeaderLines = [['Origin', origin]];
      for (const path of ['/', '/readyz', '/x']) {
        agent.sees(meaning(await ask(port, `GET ${path}`, headers)), { status: 403, body: '' });
      }
      const answer = await knock(port, '/', upgradeHeaders(headers));
      agent.sees(meaning(answer), { status: 403, body: '' });
    }
  });
});

conformance('upgrades', (scenario) => {
  scenario('the root takes them, whatever the query', async (stage) => {
    const { port } = stage.server;
    const agent = await stage.connect();
    agent.sees(meaning(await knock(port, '/')), ACCEPTED);
    agent.sees(meaning(await knock(port, '/?q=1')), ACCEPTED);
    agent.sees(meaning(await knock(port, '/other')), { status: 404, body: '' });
  });

  scenario('without all of its headers there is none', async (stage) => {
    const { port } = stage.server;
    const agent = await stage.connect();
    agent.sees(
      meaning(await knock(port, '/', headersWith('Sec-WebSocket-Version', '12'))),
      explained(400, "`Sec-WebSocket-Version` header did not include '13'"),
    );
    agent.sees(
      meaning(await knock(port, '/', headersWith('Sec-WebSocket-Key'))),
      explained(400, '`Sec-WebSocket-Key` header missing'),
    );
  });

  scenario('subprotocols and compression are asked for in vain', async (stage) => {
    const agent = await stage.connect();
    const { status, headers } = await knock(
      stage.server.port,
      '/',
      upgradeHeaders([
        ['Sec-WebSocket-Protocol', 'codex'],
        ['Sec-WebSocket-Extensions', 'permessage-deflate'],
      ]),
    );
    const negotiated = Object.keys(headers).filter((name) => /protocol|extensions/.test(name));
    agent.sees({ status, negotiated }, { status: 101, negotiated: [] });
  });

  scenario('a Host that is not this machine', async (stage) => {
    const agent = await stage.connect();
    agent.sees(
      meaning(await knock(stage.server.port, '/', headersWith('Host', 'example.com'))),
      differs({
        ours: { status: 403, body: '' },
        peer: ACCEPTED,
        because: 'a web page could reach the server by a name that it points to this machine',
      }),
    );
  });

  scenario('an Authorization header is ignored where nothing is asked', async (stage) => {
    const agent = await stage.connect();
    const headers = upgradeHeaders([['Authorization', 'Basic nonsense']]);
    agent.sees(meaning(await knock(stage.server.port, '/', headers)), ACCEPTED);
  });
});
