/** The newest Codex CLI with sandboxes of its own choice, against the headless executor. */
import { existsSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_BUBBLEWRAP, hasBubblewrap } from '../host/bubblewrap.mjs';
import type { CommandReport } from '../support/codexReport';
import { parseCommandReport } from '../support/codexReport';
import { startCodexExec } from '../support/codexRun';
import { useExecutorBundle } from '../support/executorProcess';
import type { Turn } from '../support/scriptedModel';
import { applyPatch, execCommand, say } from '../support/scriptedModelItems';
import { makeFolder, temporaryFolder } from '../support/temporaryFolder';

const canConfine = hasBubblewrap();
const { start } = useExecutorBundle();

if (!canConfine) it.skip(NO_BUBBLEWRAP);

describe.runIf(canConfine)('the Codex CLI with a sandbox', () => {
  /** Plays the calls and answers what the model was told of each. */
  async function play(
    sandbox: 'workspace-write' | 'read-only',
    workspace: string,
    script: readonly Turn[],
  ): Promise<CommandReport[]> {
    const executor = start(['--workspace', workspace, '--write-scope', 'unrestricted']);
    const run = await startCodexExec({
      execServerUrl: await executor.firstLine(),
      cwd: workspace,
      sandbox,
      // The tests' own folders are temporary ones, which the client would open as well.
      extraConfig: {
        'sandbox_workspace_write.exclude_slash_tmp': true,
        'sandbox_workspace_write.exclude_tmpdir_env_var': true,
      },
      script: [...script, () => [say('done')]],
    });
    const { code, stderr } = await run.exited;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    run.model.assertFinished();
    return run.model.toolOutputs().map(({ output }) => parseCommandReport(output));
  }

  const patch = (path: string): string =>
    `*** Begin Patch\n*** Add File: ${path}\n+patched\n*** End Patch\n`;

  it('works in the workspace and is stopped outside, with workspace-write', async () => {
    const workspace = await temporaryFolder();
    const outside = await makeFolder();
    try {
      await writeFile(join(workspace, 'a.txt'), 'one\n');
      const reports = await play('workspace-write', workspace, [
        () => [execCommand('echo in > in.txt && cat a.txt', { yieldTimeMs: 30_000 })],
        () => [execCommand(`echo out > ${outside.path}/out.txt`, { yieldTimeMs: 30_000 })],
        () => [applyPatch(patch('patched.txt'), { callId: 'inside' })],
        () => [applyPatch(patch(join(outside.path, 'patched.txt')), { callId: 'outside' })],
      ]);
      expect(reports[0]).toEqual({ exitCode: 0, text: expect.stringMatching(/^one$/m) });
      expect(await readFile(join(workspace, 'in.txt'), 'utf8')).toBe('in\n');
      expect(reports[1]?.text).toContain('Read-only file system');
      expect(reports[2]?.text).toContain('patched.txt');
      expect(reports[3]?.text).not.toContain('Success');
      expect(await readFile(join(workspace, 'patched.txt'), 'utf8')).toBe('patched\n');
      expect(await readdir(outside.path)).toEqual([]);
    } finally {
      await outside.remove();
    }
  });

  it('reads and changes nothing, with read-only', async () => {
    const workspace = await temporaryFolder();
    await writeFile(join(workspace, 'a.txt'), 'one\n');
    const reports = await play('read-only', workspace, [
      () => [execCommand('cat a.txt; echo x > b.txt', { yieldTimeMs: 30_000 })],
      () => [applyPatch(patch('patched.txt'))],
    ]);
    expect(reports[0]?.text).toContain('one\n');
    expect(reports[0]?.text).toContain('Read-only file system');
    expect(reports[1]?.text).not.toContain('Success');
    expect(existsSync(join(workspace, 'patched.txt'))).toBe(false);
    expect((await readdir(workspace)).filter((name) => name.endsWith('.txt'))).toEqual(['a.txt']);
  });
});
