import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startServer } from '../../support/execServerHarness';
import { toolsOn } from '../../support/toolHarness';

const PATCH = '*** Begin Patch\n*** Add File: made\n+x\n*** End Patch';

describe('a tool whose question named one place', () => {
  it.each([
    ['exec_command', { cmd: 'touch made', login: false }],
    ['apply_patch', { input: PATCH }],
    ['read_file', { path: 'secret' }],
    ['list_dir', { path: '.' }],
    ['view_image', { path: 'secret' }],
  ])('does nothing in another one: %s', async (name, input) => {
    const server = await startServer();
    await writeFile(join(server.workspace, 'secret'), 'x');
    const { prepare, call, surroundings } = toolsOn(server);
    await prepare(name, input);
    surroundings.name = 'on box';
    await expect(call(name, input)).rejects.toThrow(
      'Nothing was done: it was to be done on this machine, and agents work on box now. Call the tool again.',
    );
    expect(await readdir(server.workspace)).toEqual(['secret']);
  });

  it('works once that was asked anew', async () => {
    const server = await startServer();
    const { prepare, call, surroundings } = toolsOn(server);
    await prepare('apply_patch', { input: PATCH });
    surroundings.name = 'on box';
    await prepare('apply_patch', { input: PATCH });
    expect(await call('apply_patch', { input: PATCH })).toMatch(/^Success\./);
  });
});

describe('write_stdin after a switch', () => {
  it('names the place where the command runs, and still reaches it', async () => {
    const { prepare, call, surroundings } = toolsOn(await startServer());
    const cmd = 'stty -echo; read line; echo "got $line"';
    const started = await call('exec_command', {
      ...{ cmd, tty: true, login: false, yield_time_ms: 250 },
    });
    const number = Number(/session ID (\d+)/.exec(started)?.[1]);
    surroundings.name = 'on box';
    const input = { session_id: number, chars: 'it\n', yield_time_ms: 30_000 };
    const { question } = await prepare('write_stdin', input);
    expect([question?.markdown, await call('write_stdin', input)]).toEqual([
      `\`\`\`text\nit\n\n\`\`\`\n\nInto \` ${cmd} \`, which runs on this machine.`,
      expect.stringContaining('got it\n'),
    ]);
  });
});

describe('the name of a place in a question', () => {
  it('is text there and no Markdown', async () => {
    const { prepare, surroundings } = toolsOn(await startServer());
    surroundings.name = 'on my_box (ssh box [x](command:y) *a*)';
    const { question } = await prepare('exec_command', { cmd: 'ls' });
    expect(question?.markdown).toContain(
      'It runs on my\\_box \\(ssh box \\[x\\]\\(command:y\\) \\*a\\*\\), with all the rights',
    );
  });
});
