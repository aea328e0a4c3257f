import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connectExecServer } from '../../../src/client/connectExecServer';
import { defaultLimits } from '../../../src/base/limits';
import { applyPatch } from '../../../src/extension/tools/patch/applyPatch';
import { parsePatch } from '../../../src/extension/tools/patch/patchParser';
import { PlaceFiles } from '../../../src/extension/tools/placeFiles';
import { ToolPlace } from '../../../src/extension/tools/toolPlace';
import { ensureCodex } from '../../host/codex.mjs';
import { startServer } from '../../support/execServerHarness';
import type { PatchFolder } from '../../support/patchCases';
import { patchCases } from '../../support/patchCases';
import { makeFolder, temporaryFolder } from '../../support/temporaryFolder';

/** The CLI is its own patch program when it is called by that name. */
let codexApplyPatch: string;
let programs: { path: string; remove: () => Promise<void> };

beforeAll(async () => {
  programs = await makeFolder();
  codexApplyPatch = join(programs.path, 'apply_patch');
  await symlink((await ensureCodex()).command, codexApplyPatch);
});

afterAll(() => programs.remove());

describe.each(patchCases)('a patch that $name', ({ before, patch, after, codexDiffers }) => {
  it('leaves this behind through an exec-server', async () => {
    const { url, workspace } = await startServer();
    await fill(workspace, before);
    const client = await connectExecServer({ endpoint: { url }, clientName: 'test' });
    onTestFinished(() => client.close());
    const place = await ToolPlace.of(client);
    const files = new PlaceFiles(client, place, defaultLimits.maxToolFileBytes);
    const apply = async (): Promise<string> =>
      applyPatch(parsePatch(patch), files, new AbortController().signal);
    if (after === undefined) await expect(apply()).rejects.toThrow(/^Failed to /);
    else expect(await apply()).toMatch(/^Success\. Updated the following files:\n[AMD] /);
    expect(await contentOf(workspace)).toEqual(after ?? before);
  });

  it.skipIf(process.platform === 'win32')('leaves the same behind in the Codex CLI', async () => {
    const folder = await temporaryFolder();
    await fill(folder, before);
    const isApplied = await promisify(execFile)(codexApplyPatch, [patch], { cwd: folder }).then(
      () => true,
      () => false,
    );
    const found = { isApplied, files: await contentOf(folder) };
    const expected = { isApplied: after !== undefined, files: after ?? before };
    if (codexDiffers === undefined) expect(found).toEqual(expected);
    // Once it does the same, the reason has to go.
    else expect(found).not.toEqual(expected);
  });
});

async function fill(folder: string, files: PatchFolder): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

async function contentOf(folder: string): Promise<PatchFolder> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
  const pairs = paths.map(
    async (path) => [relative(folder, path), await readFile(path, 'utf8')] as const,
  );
  return Object.fromEntries(await Promise.all(pairs));
}
