import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defaultLimits } from '../../../../src/base/limits';
import { toolTable } from '../../../../src/extension/tools/toolTable';

const ToolSchema = z.object({
  name: z.string(),
  toolReferenceName: z.string(),
  canBeReferencedInPrompt: z.literal(true),
  displayName: z.string().min(1),
  userDescription: z.string().min(1),
  modelDescription: z.string().min(1),
  when: z.string(),
  inputSchema: z.object({
    type: z.literal('object'),
    properties: z.record(
      z.string(),
      z.object({ description: z.string(), maximum: z.number().optional() }),
    ),
    required: z.array(z.string()),
    additionalProperties: z.literal(false),
  }),
});
const ManifestSchema = z.object({
  contributes: z.object({ languageModelTools: z.array(ToolSchema) }),
});
const { languageModelTools } = ManifestSchema.parse(
  JSON.parse(readFileSync('package.json', 'utf8')),
).contributes;

describe('the tools in package.json', () => {
  it('are those of the table, each while its capability is on', () => {
    expect(languageModelTools.map(({ name, when }) => [name, when])).toEqual(
      toolTable.map(({ name, capability }) => [
        name,
        `execServer.state == running && execServer.${capability}Enabled`,
      ]),
    );
  });

  it('have names the editor takes, and in a prompt those of the Codex CLI', () => {
    for (const { name, toolReferenceName } of languageModelTools) {
      expect(name).toMatch(/^[\w-]+$/);
      expect(name).toBe(`execServer_${toolReferenceName}`);
    }
  });

  it('take what the Codex CLI gives its models', () => {
    const members = languageModelTools.map(({ toolReferenceName, inputSchema }) => [
      toolReferenceName,
      Object.keys(inputSchema.properties),
      inputSchema.required,
    ]);
    expect(members).toEqual([
      [
        'exec_command',
        ['cmd', 'workdir', 'shell', 'login', 'tty', 'yield_time_ms', 'max_output_tokens'],
        ['cmd'],
      ],
      [
        'write_stdin',
        ['session_id', 'chars', 'yield_time_ms', 'max_output_tokens'],
        ['session_id'],
      ],
      ['list_dir', ['path', 'depth', 'offset', 'limit'], ['path']],
      ['read_file', ['path', 'offset', 'limit'], ['path']],
      ['view_image', ['path'], ['path']],
      ['apply_patch', ['input'], ['input']],
    ]);
  });

  it('tell the limits there are', () => {
    const text = JSON.stringify(languageModelTools);
    const listed = languageModelTools.find(
      ({ toolReferenceName }) => toolReferenceName === 'list_dir',
    );
    expect([
      listed?.inputSchema.properties['depth']?.maximum,
      listed?.inputSchema.properties['limit']?.maximum,
    ]).toEqual([defaultLimits.maxToolListDepth, defaultLimits.maxToolEntries]);
    for (const said of [
      `Defaults to ${defaultLimits.defaultToolOutputTokens};`,
      `Defaults to ${defaultLimits.defaultToolYieldMs} ms; effective range is ${defaultLimits.minToolYieldMs}-${defaultLimits.maxToolYieldMs} ms`,
      `otherwise ${defaultLimits.minToolPollMs}-${defaultLimits.maxToolPollMs} ms`,
      `Defaults to ${defaultLimits.defaultToolLines}.`,
      `Defaults to ${defaultLimits.defaultToolEntries}.`,
    ]) {
      expect(text).toContain(said);
    }
  });
});
