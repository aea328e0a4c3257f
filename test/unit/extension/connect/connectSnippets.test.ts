import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  agentUrl,
  connectSnippet,
  forwardedAgentUrl,
  isLoopbackUrl,
} from '../../../../src/extension/connect/connectSnippets';

const URL_TEXT = 'ws://127.0.0.1:7001/?token=abc-_123';
const FOLDER = '/home/ada/my project';
const parts = { url: URL_TEXT, workspace: FOLDER, hasSandbox: false };

describe('connect snippets', () => {
  it('puts the token into the query', () => {
    expect(agentUrl('ws://127.0.0.1:7001/', 'abc-_123')).toBe(URL_TEXT);
    expect(agentUrl('ws://127.0.0.1:7001', 'a&b=c')).toBe('ws://127.0.0.1:7001/?token=a%26b%3Dc');
  });

  it.each([
    ['http://localhost:41111/', 'ws://localhost:41111/?token=t'],
    ['https://abc-7001.app.example/', 'wss://abc-7001.app.example/?token=t'],
    ['https://host.example/proxy/7001/', 'wss://host.example/proxy/7001/?token=t'],
    ['https://host.example/?tkn=1', 'wss://host.example/?tkn=1&token=t'],
  ])('turns the forwarded %s into an address for agents', (external, url) => {
    expect(forwardedAgentUrl(external, 't')).toBe(url);
  });

  it('knows which addresses stay on the machine', () => {
    const urls = [
      'ws://127.0.0.1:1/',
      'ws://localhost/',
      'ws://[::1]:2/',
      'wss://127.0.0.1.evil.example/',
    ];
    expect(urls.map(isLoopbackUrl)).toEqual([true, true, true, false]);
  });

  it('writes the four forms', () => {
    expect({
      posix: connectSnippet('posix', parts),
      powershell: connectSnippet('powershell', parts),
      url: connectSnippet('url', parts),
    }).toEqual({
      posix: `CODEX_EXEC_SERVER_URL='${URL_TEXT}' codex --sandbox danger-full-access -C '${FOLDER}'`,
      powershell: `$env:CODEX_EXEC_SERVER_URL='${URL_TEXT}'; codex --sandbox danger-full-access -C '${FOLDER}'`,
      url: URL_TEXT,
    });
    expect(connectSnippet('environmentsToml', parts).split('\n').slice(1)).toEqual([
      `# Start the agent as: codex --sandbox danger-full-access -C '${FOLDER}'`,
      'default = "vscode"',
      'include_local = false',
      '',
      '[[environments]]',
      'id = "vscode"',
      `url = "${URL_TEXT}"`,
      '',
    ]);
  });

  it('names no folder where none is known of the place', () => {
    const unknown = { ...parts, workspace: undefined, hasSandbox: true };
    expect([
      connectSnippet('posix', unknown),
      connectSnippet('powershell', unknown),
      connectSnippet('environmentsToml', unknown).split('\n')[1],
    ]).toEqual([
      `CODEX_EXEC_SERVER_URL='${URL_TEXT}' codex`,
      `$env:CODEX_EXEC_SERVER_URL='${URL_TEXT}'; codex`,
      '# Start the agent as: codex',
    ]);
  });

  it('makes no entry of the name of a folder', () => {
    const workspace = '/w/\n[[environments]]\r\nurl = "ws://evil.example"\u0007';
    const lines = connectSnippet('environmentsToml', { ...parts, workspace }).split(/[\r\n]+/);
    expect(lines[1]).toBe(
      `# Start the agent as: codex --sandbox danger-full-access -C '/w/?[[environments]]??url = "ws://evil.example"?'`,
    );
    expect(lines.filter((line) => line === '[[environments]]')).toHaveLength(1);
  });

  it('leaves the sandbox to the client where there is one', () => {
    expect(connectSnippet('posix', { ...parts, hasSandbox: true })).toBe(
      `CODEX_EXEC_SERVER_URL='${URL_TEXT}' codex -C '${FOLDER}'`,
    );
  });

  it('quotes so that nothing in an address is run by the shell', () => {
    const url = `ws://127.0.0.1:1/?x='$(id)\`id\`&token=t`;
    const script = `${connectSnippet('posix', { ...parts, url }).replace(/ codex .*$/, '; export CODEX_EXEC_SERVER_URL')}; printf %s "$CODEX_EXEC_SERVER_URL"`;
    expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe(url);
    expect(connectSnippet('powershell', { ...parts, url: "a'b", workspace: "c'd" })).toBe(
      "$env:CODEX_EXEC_SERVER_URL='a''b'; codex --sandbox danger-full-access -C 'c''d'",
    );
    expect(connectSnippet('environmentsToml', { ...parts, url: 'a"b\\c' })).toContain(
      'url = "a\\"b\\\\c"',
    );
  });
});
