import { defaultLimits } from '../../base/limits';
import type { SkillDependencies, SkillPolicy } from '../../protocol/discoveryMessages';
import { isMembers } from './pluginManifest';
import type { ParseYaml } from './skillInstructions';
import { textOf } from './skillInstructions';

export interface SkillMetadata {
  readonly dependencies: SkillDependencies | null;
  readonly policy: SkillPolicy | null;
}

export const noMetadata: SkillMetadata = { dependencies: null, policy: null };

const products = ['codex', 'chatgpt', 'atlas'];

const MAX_PORT = 65_535;

/** Something in the file is not what it should be; then none of it counts, as for the measured peer. */
class UnusableMetadata extends Error {}

/** Reads a skill's `agents/openai.yaml`. */
export function parseSkillMetadata(text: string, parse: ParseYaml): SkillMetadata {
  if (text.length > defaultLimits.maxSkillYamlLength) return noMetadata;
  try {
    const members = optionalMembers(parse(text));
    return {
      dependencies: dependenciesOf(optionalMembers(members['dependencies'])),
      policy: members['policy'] == null ? null : policyOf(optionalMembers(members['policy'])),
    };
  } catch {
    // Broken metadata makes no broken skill: it goes without.
    return noMetadata;
  }
}

type Members = Readonly<Record<string, unknown>>;

function dependenciesOf({ tools }: Members): SkillDependencies | null {
  const named = optionalList(tools).flatMap(toolOf);
  return named.length === 0 ? null : { tools: named };
}

/** A tool without kind or name is none. */
function toolOf(value: unknown): SkillDependencies['tools'] {
  const tool = optionalMembers(value);
  const [type, name] = [optionalText(tool['type']), optionalText(tool['value'])];
  if (type === null || name === null) return [];
  return [
    {
      type,
      value: name,
      description: optionalText(tool['description']),
      transport: optionalText(tool['transport']),
      command: optionalText(tool['command']),
      url: optionalText(tool['url']),
      oauthCallbackPort: portOf(optionalMembers(tool['oauth'])),
    },
  ];
}

function portOf(oauth: Members): number | null {
  const camel = oauth['callbackPort'];
  const snake = oauth['callback_port'];
  if (camel !== undefined && snake !== undefined) throw new UnusableMetadata();
  const port = camel ?? snake ?? null;
  if (port === null) return null;
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= MAX_PORT) {
    return port;
  }
  throw new UnusableMetadata();
}

function policyOf(policy: Members): SkillPolicy {
  const allow = policy['allow_implicit_invocation'] ?? null;
  if (allow !== null && typeof allow !== 'boolean') throw new UnusableMetadata();
  return {
    allowImplicitInvocation: allow,
    products: optionalList(policy['products']).map((product) => {
      const name = products.find((known) => product === known || product === known.toUpperCase());
      if (name === undefined) throw new UnusableMetadata();
      return name;
    }),
  };
}

function optionalMembers(value: unknown): Members {
  if (value == null) return {};
  if (isMembers(value)) return value;
  throw new UnusableMetadata();
}

function optionalList(value: unknown): readonly unknown[] {
  if (value == null) return [];
  if (Array.isArray(value)) return value;
  throw new UnusableMetadata();
}

function optionalText(value: unknown): string | null {
  if (typeof value === 'object' && value !== null) throw new UnusableMetadata();
  return textOf(value) ?? null;
}
