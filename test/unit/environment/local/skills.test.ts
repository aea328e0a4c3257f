import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { newestFirst } from '../../../../src/environment/local/installedPlugins';
import { parseSkillHeader } from '../../../../src/environment/local/skillInstructions';
import { parseSkillMetadata } from '../../../../src/environment/local/skillMetadata';

const yaml = (text: string): unknown => parse(text, { logLevel: 'error' });

const headerOf = (contents: string) =>
  parseSkillHeader({ path: '/skills/folder/SKILL.md', contents }, yaml);

const withFront = (...lines: string[]) => ['---', ...lines, '---', 'Instructions.'].join('\n');

describe('the header of a skill', () => {
  it.each([
    [withFront('name: n', 'description: d'), 'n', 'd', undefined],
    [withFront('description: d'), 'folder', 'd', undefined],
    [withFront('name: ""', 'description: d'), 'folder', 'd', undefined],
    [withFront('name: 5', 'description: true'), '5', 'true', undefined],
    [
      withFront('name: "  two   words "', 'description: |', '  a', '  b'),
      'two words',
      'a b',
      undefined,
    ],
    [withFront('name: n', 'description: Use it so: never'), 'n', 'Use it so: never', undefined],
    [withFront('name: a: b', 'description: [x] y: z'), 'a: b', '[x] y: z', undefined],
    [
      withFront('name: n', 'description: d', 'metadata:', '  short-description: s: t'),
      'n',
      'd',
      's: t',
    ],
    ['---  \r\nname: n\r\ndescription: d\r\n---\r\n', 'n', 'd', undefined],
  ])('is read: %j', (contents, name, description, shortDescription) => {
    expect(headerOf(contents)).toEqual({ name, description, shortDescription });
  });

  it.each([
    'no header',
    '\n---\nname: n\ndescription: d\n---\n',
    '\ufeff---\nname: n\ndescription: d\n---\n',
    '---\nname: n\ndescription: d\n',
    withFront('name: n'),
    withFront('name: n', 'description: [a, b]'),
    withFront('name: [x', 'description: d'),
    withFront(`name: ${'n'.repeat(65)}`, 'description: d'),
    withFront('- a'),
    withFront('name: n', 'description: d', `long: ${'x'.repeat(65_536)}`),
  ])('is none: %j', (contents) => {
    expect(headerOf(contents)).toBeUndefined();
  });

  it('is none when its aliases would fill the memory', () => {
    const levels = Array.from({ length: 12 }, (_, index) => {
      const next = String.fromCharCode(98 + index);
      const last = String.fromCharCode(97 + index);
      return `${next}: &${next} [${Array.from({ length: 9 }, () => `*${last}`).join(', ')}]`;
    });
    expect(headerOf(withFront('a: &a x', ...levels, 'description: d'))).toBeUndefined();
  });
});

describe('the metadata of a skill', () => {
  const none = { dependencies: null, policy: null };

  it('names tools and policy', () => {
    const text = [
      'interface: {short_description: ignored}',
      'dependencies:',
      '  tools:',
      '    - {type: mcp, value: " a  b ", url: https://x/, oauth: {callback_port: 80}}',
      '    - {type: mcp}',
      '    - {type: 5, value: true}',
      'policy: {allow_implicit_invocation: false, products: [codex, ATLAS]}',
    ].join('\n');
    const unset = { description: null, transport: null, command: null };
    expect(parseSkillMetadata(text, yaml)).toEqual({
      dependencies: {
        tools: [
          { type: 'mcp', value: 'a b', url: 'https://x/', oauthCallbackPort: 80, ...unset },
          { type: '5', value: 'true', url: null, oauthCallbackPort: null, ...unset },
        ],
      },
      policy: { allowImplicitInvocation: false, products: ['codex', 'atlas'] },
    });
  });

  it('says nothing of what it leaves open', () => {
    expect(parseSkillMetadata('policy: {}\ndependencies: {tools: []}', yaml)).toEqual({
      dependencies: null,
      policy: { allowImplicitInvocation: null, products: [] },
    });
    expect(parseSkillMetadata('', yaml)).toEqual(none);
  });

  it.each([
    'x: [',
    '- a',
    'policy: {products: [codex, other]}',
    'policy: {allow_implicit_invocation: "yes"}',
    'policy: {}\ndependencies: {tools: x}',
    'dependencies: {tools: [{type: mcp, value: [v]}]}',
    'dependencies: {tools: [{type: mcp, value: v, oauth: {callbackPort: 70000}}]}',
    'dependencies: {tools: [{type: mcp, value: v, oauth: {callbackPort: 1, callback_port: 2}}]}',
  ])('counts for nothing as a whole: %j', (text) => {
    expect(parseSkillMetadata(text, yaml)).toEqual(none);
  });
});

describe('versions of a plugin', () => {
  it.each([
    [['1.0.0', '1.10.0', '1.2.0'], '1.10.0'],
    [['2.0.0-beta.2', '2.0.0', '2.0.0-beta.10'], '2.0.0'],
    [['2.0.0-beta.2', '2.0.0-beta.10'], '2.0.0-beta.10'],
    [['9.0.0', 'local'], 'local'],
    [['2.0.0', 'v3', '2.0.0-beta'], 'v3'],
    [['0123abcd', '1.2'], '1.2'],
  ])('%j: the newest is %s', (versions, newest) => {
    expect([...versions].sort(newestFirst)[0]).toBe(newest);
    expect([...versions].reverse().sort(newestFirst)[0]).toBe(newest);
  });
});
