import * as z from 'zod';
import { displayText } from './model/displayText';

/** The section in `package.json` and `settings.json`. */
export const SETTINGS_SECTION = 'execServer';

const HOST_NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i;

/** One day; a longer wait would keep processes nobody remembers. */
const MAX_SECONDS = 86_400;

/** Every setting with its check and its default; the keys follow `execServer.` in `package.json`. */
export const settingSchemas = {
  /** A value shorter than a window reload takes ends what agents run at every reload; the user may want that. */
  ownerGraceSeconds: z.number().min(1).max(MAX_SECONDS).default(60),
  detachedSessionTtlSeconds: z.number().min(1).max(MAX_SECONDS).default(80),
  'filesystem.writeScope': z.enum(['workspace', 'unrestricted']).default('workspace'),
  allowedHosts: z.array(z.string().regex(HOST_NAME)).max(32).default([]),
  /** 0: any free port. */
  port: z.union([z.literal(0), z.number().int().min(1024).max(65_535)]).default(0),
  'terminal.reveal': z.enum(['never', 'onStart', 'onError']).default('never'),
} as const;

type SettingKey = keyof typeof settingSchemas;

/** All settings, checked. */
export type Settings = { readonly [K in SettingKey]: z.infer<(typeof settingSchemas)[K]> };

/** A bad value is replaced by the default and told once, so that a typing error never stops the server. */
export interface SettingsReading {
  readonly settings: Settings;
  readonly problems: readonly string[];
}

/** Checks raw values; an absent one takes its default. */
export function parseSettings(read: (key: SettingKey) => unknown): SettingsReading {
  const problems: string[] = [];
  const checked = <K extends SettingKey>(key: K): Settings[K] => {
    const schema: z.ZodType = settingSchemas[key];
    const result = schema.safeParse(read(key) ?? undefined);
    if (!result.success) problems.push(problemText(key, read(key)));
    const parsed: unknown = result.success ? result.data : schema.parse(undefined);
    // The schema of this key produced the value; the table's union hides that from the compiler.
    return parsed as Settings[K];
  };
  const settings: Settings = {
    ownerGraceSeconds: checked('ownerGraceSeconds'),
    detachedSessionTtlSeconds: checked('detachedSessionTtlSeconds'),
    'filesystem.writeScope': checked('filesystem.writeScope'),
    allowedHosts: checked('allowedHosts'),
    port: checked('port'),
    'terminal.reveal': checked('terminal.reveal'),
  };
  return { settings, problems };
}

function problemText(key: SettingKey, value: unknown): string {
  const shown = displayText(JSON.stringify(value), 60);
  return `The setting ${SETTINGS_SECTION}.${key} has no usable value (${shown}); its default is used.`;
}
