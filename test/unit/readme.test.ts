import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import packageJson from '../../package.json';
import { defaultLimits } from '../../src/base/limits';
import { ErrorCode } from '../../src/protocol/errorCodes';
import { notifications, requests } from '../../src/protocol/methods';

const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');

it('names every method and notification of the wire', () => {
  const methods = [...Object.keys(requests), ...Object.keys(notifications)];
  expect(methods.filter((method) => !readme.includes(`\`${method}\``))).toEqual([]);
});

it('explains every error code', () => {
  const codes = Object.values(ErrorCode).map((code) => String(code).replace('-', '−'));
  expect(codes.filter((code) => !readme.includes(`| ${code} |`))).toEqual([]);
});

it('describes every setting with its default', () => {
  const { properties } = packageJson.contributes.configuration;
  const missing = Object.entries(properties).filter(([name, setting]) => {
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';
    const isNone = Array.isArray(setting.default) || setting.default === '';
    const value = isNone ? 'none' : `\`${String(setting.default)}\``;
    return !row.includes(value);
  });
  expect(missing).toEqual([]);
});

it('tells the limits that are in force', () => {
  const { maxConnections, maxSessions, maxProcessesPerSession, maxProcesses } = defaultLimits;
  const text = readme.replace(/\s+/g, ' ');
  expect(text).toContain(
    `At most ${maxConnections} connections, ${maxSessions} sessions, ${maxProcessesPerSession} processes a session and ${maxProcesses} in all`,
  );
  expect(text).toContain(`readable for ${defaultLimits.closedProcessRetentionMs / 1000} seconds`);
});
