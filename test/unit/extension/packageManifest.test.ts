import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { commandIds } from '../../../src/extension/commands/commandIds';
import { contextKeys } from '../../../src/extension/contextKeys';
import { settingSchemas } from '../../../src/extension/settingsSchema';

const MenuItemSchema = z.object({
  command: z.string(),
  when: z.string().optional(),
  group: z.string().optional(),
});
const ManifestSchema = z.object({
  activationEvents: z.array(z.string()),
  capabilities: z.record(z.string(), z.object({ supported: z.boolean(), description: z.string() })),
  extensionKind: z.array(z.string()),
  contributes: z.object({
    commands: z.array(z.object({ command: z.string(), title: z.string(), category: z.string() })),
    views: z.record(z.string(), z.array(z.object({ id: z.string() }))),
    viewsWelcome: z.array(z.object({ view: z.string(), contents: z.string(), when: z.string() })),
    walkthroughs: z.array(
      z.object({
        steps: z.array(
          z.object({
            id: z.string(),
            description: z.string(),
            media: z.object({
              image: z.strictObject({
                dark: z.string(),
                light: z.string(),
                hc: z.string(),
                hcLight: z.string(),
              }),
              altText: z.string().min(20),
            }),
            completionEvents: z.array(z.string()),
          }),
        ),
      }),
    ),
    menus: z.record(z.string(), z.array(MenuItemSchema)),
    configuration: z.object({
      properties: z.record(
        z.string(),
        z.object({ scope: z.string(), default: z.unknown(), markdownDescription: z.string() }),
      ),
    }),
  }),
});

const manifest = ManifestSchema.parse(JSON.parse(readFileSync('package.json', 'utf8')));
const { commands, menus, viewsWelcome, walkthroughs, configuration } = manifest.contributes;
const ids = Object.values<string>(commandIds);

describe('package.json', () => {
  it('declares exactly the commands there are', () => {
    expect(commands.map(({ command }) => command).sort()).toEqual([...ids].sort());
    expect(new Set(commands.map(({ category }) => category))).toEqual(new Set(['Exec Server']));
  });

  it('names only its own commands in menus, and no two commands alike', () => {
    const named = Object.values(menus).flatMap((items) => items.map(({ command }) => command));
    expect(named.filter((command) => !ids.includes(command))).toEqual([]);
    expect(new Set(commands.map(({ title }) => title)).size).toBe(commands.length);
  });

  it('links only to its own commands and to opening a folder in welcome content', () => {
    const linked = viewsWelcome.flatMap(({ contents }) =>
      [...contents.matchAll(/\(command:([\w.]+)/g)].map(([, command]) => command ?? ''),
    );
    expect(linked.length).toBeGreaterThan(0);
    expect(linked.filter((id) => !ids.includes(id) && id !== 'vscode.openFolder')).toEqual([]);
  });

  it('has welcome content for every state', () => {
    const whens = viewsWelcome.map(({ when }) => when).join(' ');
    for (const state of contextKeys['execServer.state']) expect(whens).toContain(state);
  });

  it('has welcome content for every mode and health, one for each pair', () => {
    const running = viewsWelcome.filter(({ when }) => when.includes('state == running'));
    const places = running.filter(({ when }) => !when.includes('!execServer'));
    const pairs = [
      { mode: 'local', health: 'ready' },
      ...contextKeys['execServer.health']
        .filter((health) => health !== 'none')
        .map((health) => ({ mode: 'remote', health })),
      { mode: 'disabled', health: 'ready' },
    ];
    for (const { mode, health } of pairs) {
      const shown = places.filter(
        ({ when }) =>
          when.includes(`mode == ${mode}`) &&
          (!when.includes('health') || when.includes(`health == ${health}`)),
      );
      expect(shown, `${mode} ${health}`).toHaveLength(1);
    }
  });

  it('walks through steps that have a picture in every theme, and links to commands there are', () => {
    const steps = walkthroughs.flatMap((walkthrough) => walkthrough.steps);
    const linked = steps.flatMap(({ description, completionEvents }) =>
      [...[description, ...completionEvents].join(' ').matchAll(/ommand:([\w.]+)/g)].map(
        ([, id = '']) => id,
      ),
    );
    const known = [...ids, 'execServer.sessions.focus'];
    expect(linked.filter((id) => !known.includes(id))).toEqual([]);
    const pictures = steps.flatMap(({ media }) => Object.values(media.image));
    expect(pictures.filter((file) => !existsSync(file))).toEqual([]);
    expect(steps.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['start', 'connect', 'watch', 'local', 'remote', 'disabled']),
    );
  });

  it('asks only for context keys and values that are set', () => {
    const whens = [
      ...Object.values(menus).flatMap((items) => items.map(({ when }) => when ?? '')),
      ...viewsWelcome.map(({ when }) => when),
      ...walkthroughs.flatMap(({ steps }) =>
        steps.flatMap(({ completionEvents }) =>
          completionEvents.filter((event) => event.startsWith('onContext:')),
        ),
      ),
    ];
    for (const when of whens) {
      for (const [, key = '', plain, pattern] of when.matchAll(
        /(execServer\.(?!sessions)\w+)(?: [!=]= (\w+)| =~ \/\^\(([\w|]+)\)\$\/)/g,
      )) {
        const values = plain === undefined ? (pattern ?? '').split('|') : [plain];
        expect(
          new Map<string, readonly unknown[]>(Object.entries(contextKeys)).get(key),
          key,
        ).toEqual(expect.arrayContaining(values));
      }
      const keys = [...when.matchAll(/execServer\.\w+/g)].map(([key]) => key);
      const known = ['execServer.sessions', ...Object.keys(contextKeys)];
      expect(keys.filter((key) => !known.includes(key))).toEqual([]);
    }
  });

  it('reads the state words of the tree in its menus', () => {
    const words = [
      'process.running.tty.agent',
      'process.running.tty.user',
      'process.running.pipe.agent',
      'process.running.noInput.agent',
      'process.closing',
      'process.exited',
      'process.exited.gone',
      'process.lost',
      'session.attached',
      'session.ended',
    ];
    const offered = words.map((word) => [word, ...inlineActions(word)]);
    expect(offered).toEqual([
      ['process.running.tty.agent', 'openOutput', 'takeOver', 'interrupt', 'terminate'],
      ['process.running.tty.user', 'openOutput', 'handBack', 'interrupt', 'terminate'],
      ['process.running.pipe.agent', 'openOutput', 'takeOver', 'interrupt', 'terminate'],
      ['process.running.noInput.agent', 'openOutput', 'interrupt', 'terminate'],
      ['process.closing', 'openOutput', 'terminate'],
      ['process.exited', 'openOutput'],
      ['process.exited.gone'],
      ['process.lost'],
      ['session.attached'],
      ['session.ended'],
    ]);
  });

  it('declares the settings the schema has, with its defaults', () => {
    const declared = Object.entries(configuration.properties).map(([key, { default: value }]) => [
      key,
      value,
    ]);
    const known = Object.entries(settingSchemas).map(([key, schema]) => [
      `execServer.${key}`,
      schema.parse(undefined),
    ]);
    expect(Object.fromEntries(declared)).toEqual(Object.fromEntries(known));
  });

  it('keeps every setting that matters for safety out of reach of a workspace', () => {
    const scopes = Object.entries(configuration.properties).map(([key, { scope }]) => [key, scope]);
    expect(scopes.filter(([, scope]) => scope !== 'machine')).toEqual([
      ['execServer.terminal.reveal', 'machine-overridable'],
    ]);
  });

  it('is off where it must not run, and runs where the folder is', () => {
    expect([
      manifest.capabilities['untrustedWorkspaces']?.supported,
      manifest.capabilities['virtualWorkspaces']?.supported,
      manifest.extensionKind,
      manifest.activationEvents,
    ]).toEqual([false, false, ['workspace'], ['onStartupFinished']]);
  });
});

function inlineActions(word: string): readonly string[] {
  return (menus['view/item/context'] ?? [])
    .filter(({ group }) => group?.startsWith('inline'))
    .filter(({ when }) =>
      new RegExp(/viewItem =~ \/(.*)\/$/.exec(when ?? '')?.[1] ?? '$^').test(word),
    )
    .map(({ command }) => command.replace('execServer.', ''));
}
