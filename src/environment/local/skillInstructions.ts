import { basename, dirname } from 'node:path';
import { defaultLimits } from '../../base/limits';
import type { CapabilityFile } from '../../protocol/discoveryMessages';
import { isMembers } from './pluginManifest';

/** The library parses YAML; handed in, because it is loaded when the first skill is there. */
export type ParseYaml = (text: string) => unknown;

/** What a skill says about itself at the top of its instructions. */
export interface SkillHeader {
  readonly name: string;
  readonly description: string;
  readonly shortDescription: string | undefined;
}

/** Reads the front matter of a `SKILL.md`; `undefined` when it does not name and describe a skill. */
export function parseSkillHeader(
  { path, contents }: CapabilityFile,
  parse: ParseYaml,
): SkillHeader | undefined {
  const text = frontMatterOf(contents);
  if (text === undefined || text.length > defaultLimits.maxSkillYamlLength) return undefined;
  const members = parseLeniently(text, parse);
  if (!isMembers(members)) return undefined;
  const name = textOf(members['name']) ?? basename(dirname(path));
  const description = textOf(members['description']);
  if (description === undefined || name.length > defaultLimits.maxSkillNameLength) return undefined;
  const metadata = members['metadata'];
  const shortDescription = isMembers(metadata) ? textOf(metadata['short-description']) : undefined;
  return { name, description, shortDescription };
}

/** A scalar as one line; `undefined` when nothing is left of it. */
export function textOf(value: unknown): string | undefined {
  const isScalar =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  if (!isScalar) return undefined;
  const text = String(value).trim().replace(/\s+/g, ' ');
  return text === '' ? undefined : text;
}

/** What stands between the first line and the next one that is `---` too. */
function frontMatterOf(contents: string): string | undefined {
  const lines = contents.split(/\r?\n/);
  const isFence = (line: string | undefined): boolean => line?.trimEnd() === '---';
  if (!isFence(lines[0])) return undefined;
  const end = lines.findIndex((line, index) => index > 0 && isFence(line));
  return end === -1 ? undefined : lines.slice(1, end).join('\n');
}

/** People write `description: Use it so: …`, which YAML takes for a broken mapping. */
function parseLeniently(text: string, parse: ParseYaml): unknown {
  try {
    return parse(text);
  } catch {
    // The first reading is strict, so that quoting changes nothing that is right.
  }
  try {
    return parse(text.replace(/^([ \t]*[\w-]+:[ \t]+)([^"'|>\s].*: .*)$/gm, quoteValue));
  } catch {
    // It is no YAML however it is read; the skill is left out with a warning.
    return undefined;
  }
}

function quoteValue(_line: string, key: string, value: string): string {
  return `${key}${JSON.stringify(value.trimEnd())}`;
}
