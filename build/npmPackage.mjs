/**
 * Packs `exec-server-client.tgz`: the client for programs outside this project, as an npm package. The extension's
 * own dependencies are left out: the client's are in its script, so that installing it compiles and fetches nothing.
 *
 *   node build/npmPackage.mjs [FILE [FOLDER OF client.js]]
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = path.resolve(root, process.argv[2] ?? 'exec-server-client.tgz');
const client = path.resolve(root, process.argv[3] ?? 'dist/client');

mkdirSync(path.join(root, 'out'), { recursive: true });
const folder = mkdtempSync(path.join(root, 'out', 'npm-'));
/**
 * @typedef {Record<'name' | 'version' | 'license' | 'type', string>} Names
 * @typedef {Names & { exports: object, engines: { node: string } }} Manifest
 */
const manifest = /** @type {Manifest} */ (
  JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
);
const { name, version, license, type, exports } = manifest;
const published = {
  name,
  version,
  description: 'Client for an exec-server: drive a workspace from your own program.',
  license,
  type,
  engines: { node: manifest.engines.node },
  exports,
};
writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
cpSync(client, path.join(folder, 'dist', 'client'), { recursive: true });
for (const file of ['LICENSE', 'README.md']) cpSync(path.join(root, file), path.join(folder, file));
for (const library of ['ws', 'zod']) {
  const terms = path.join(root, 'node_modules', library, 'LICENSE');
  cpSync(terms, path.join(folder, 'licenses', `${library}.txt`));
}
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const printed = execFileSync(npm, ['pack', '--json', '--loglevel=error'], {
  cwd: folder,
  encoding: 'utf8',
  shell: process.platform === 'win32',
});
const packed = /** @type {{ filename: string }[]} */ (JSON.parse(printed));
for (const { filename } of packed) cpSync(path.join(folder, filename), target);
rmSync(folder, { recursive: true });
