import * as z from 'zod';
import { displayText } from './model/displayText';
import { REMOTE_URL_NAME, addressProblem, nameProblem } from './environment/remoteForm';

/** The section in `package.json` and `settings.json`. */
export const SETTINGS_SECTION = 'execServer';

const HOST_NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i;

/** One day; a longer wait would keep processes nobody remembers. */
const MAX_SECONDS = 86_400;

/** As many as a person can tell apart in a list. */
const MAX_REMOTES = 64;

const AddressSchema = z.string().refine((text) => addressProblem(text) === undefined);
const NameSchema = z.string().refine((text) => nameProblem(text) === undefined);

const RemoteSettingSchema = z.union([
  z.strictObject({ name: NameSchema, url: AddressSchema }),
  z.strictObject({
    name: NameSchema,
    program: z.string().min(1),
    args: z.array(z.string()).optional(),
    env: z.record(z.string(), z.string()).optional(),
    cwd: z.string().optional(),
  }),
]);
/** An entry of `execServer.remotes`. */
export type RemoteSetting = z.infer<typeof RemoteSettingSchema>;

/** Every setting with its check and its default; the keys follow `execServer.` in `package.json`. */
export const settingSchemas = {
  /** `auto`: what the variable says, else this machine. */
  environment: z.enum(['auto', 'local', 'remote', 'disabled']).default('auto'),
  'remote.name': z.union([z.literal(''), NameSchema]).default(''),
  /** The remote named `remote`. */
  'remote.url': z.union([z.literal(''), AddressSchema]).default(''),
  remotes: z.array(RemoteSettingSchema).max(MAX_REMOTES).refine(hasDistinctNames).default([]),
  'capabilities.exec': z.boolean().default(true),
  'capabilities.filesystem': z.boolean().default(true),
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

/** What is in these may hold a token or a password, so a bad value of theirs is not quoted. */
const MAY_HOLD_SECRETS: ReadonlySet<SettingKey> = new Set(['remote.url', 'remotes']);

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
    environment: checked('environment'),
    'remote.name': checked('remote.name'),
    'remote.url': checked('remote.url'),
    remotes: checked('remotes'),
    'capabilities.exec': checked('capabilities.exec'),
    'capabilities.filesystem': checked('capabilities.filesystem'),
    ownerGraceSeconds: checked('ownerGraceSeconds'),
    detachedSessionTtlSeconds: checked('detachedSessionTtlSeconds'),
    'filesystem.writeScope': checked('filesystem.writeScope'),
    allowedHosts: checked('allowedHosts'),
    port: checked('port'),
    'terminal.reveal': checked('terminal.reveal'),
  };
  return { settings, problems };
}

function hasDistinctNames(remotes: readonly { readonly name: string }[]): boolean {
  const names = remotes.map(({ name }) => name);
  return new Set(names).size === names.length && !names.includes(REMOTE_URL_NAME);
}

function problemText(key: SettingKey, value: unknown): string {
  const shown = MAY_HOLD_SECRETS.has(key) ? '' : ` (${displayText(JSON.stringify(value), 60)})`;
  return `The setting ${SETTINGS_SECTION}.${key} has no usable value${shown}; its default is used.`;
}
