import { literalPattern } from '../../sandbox';
import { cannotKeepRule } from './sandboxErrors';

/** A pattern for paths, ready to be compared. */
export interface GlobExpression {
  /** The names before the first that holds a wildcard. */
  readonly fixedNames: readonly string[];
  /** How many names the pattern has. */
  readonly length: number;
  /** Whether it matches at any depth. */
  readonly isDeep: boolean;
  matches(path: string): boolean;
}

/** Matches one character, or with `star` any number of them. */
type CharacterPattern = 'star' | ((character: string) => boolean);

/** Matches one name, or with `deep` any number of them. */
type NamePattern = 'deep' | readonly CharacterPattern[];

/** The longest path there is; a comparison costs as much as both are long. */
const maxLength = 4096;

const sets = /\[[!^]?[^\]/]+\]/g;

/** The one name a part of a pattern stands for, if there is one. */
function literalOf(name: string): string | undefined {
  const plain = name.replace(/\[([*?[{}\\])\]/g, '$1');
  return literalPattern(plain) === name ? plain : undefined;
}

/**
 * Reads an absolute pattern of `*`, `?`, `[…]` and `**`.
 *
 * @throws RpcError for what others may read otherwise: a rule taken for another one is not kept.
 */
export function globExpression(pattern: string): GlobExpression {
  const names = pattern.split('/').filter((name) => name !== '' && name !== '.');
  if (pattern.length > maxLength) throw cannotKeepRule(pattern.slice(0, 80), 'it is too long');
  if (names.includes('..')) throw cannotKeepRule(pattern, 'write it without `..`');
  if (/[{}\\]/.test(pattern.replace(sets, ''))) {
    throw cannotKeepRule(
      pattern,
      'write a pattern of its own for each choice, without `{`, `}` and `\\`',
    );
  }
  const fixedCount = names.findIndex((name) => literalOf(name) === undefined);
  const fixedNames = fixedCount === -1 ? names : names.slice(0, fixedCount);
  const patterns = names.flatMap((name, index): NamePattern[] => {
    if (name !== '**') return [characterPatterns(name, pattern)];
    // As the last name it stands for everything below, before others for any number of folders.
    return index === names.length - 1 ? [['star'], 'deep'] : ['deep'];
  });
  return {
    fixedNames: fixedNames.map((name) => literalOf(name) ?? name),
    length: names.length,
    isDeep: names.includes('**'),
    matches: (path) =>
      matchesSequence(path.slice(1).split('/'), patterns, 'deep', (name, characters) =>
        matchesSequence(Array.from(name), characters, 'star', (character, accepts) =>
          accepts(character),
        ),
      ),
  };
}

function characterPatterns(name: string, pattern: string): CharacterPattern[] {
  const parts = name.match(/\[[!^]?[^\]]+\]|[\s\S]/gu) ?? [];
  return parts.map((part): CharacterPattern => {
    if (part === '*') return 'star';
    if (part === '?') return () => true;
    if (part === '[') throw cannotKeepRule(pattern, 'a `[` in it has no end');
    if (part.length === 1 || !part.startsWith('[')) return (character) => character === part;
    const set = setExpression(part, pattern);
    return (character) => set.test(character);
  });
}

function setExpression(part: string, pattern: string): RegExp {
  const isNegated = part[1] === '!' || part[1] === '^';
  const members = part.slice(isNegated ? 2 : 1, -1).replace(/[[^\\]/g, '\\$&');
  try {
    return new RegExp(`^[${isNegated ? '^' : ''}${members}]$`, 'su');
  } catch {
    throw cannotKeepRule(pattern, `${part} is no set of characters`);
  }
}

/** Two positions and one place to return to, so a hostile pattern costs at most its length times that of the text. */
function matchesSequence<Item, Pattern, Star extends Pattern & string>(
  items: readonly Item[],
  patterns: readonly Pattern[],
  star: Star,
  accepts: (item: Item, pattern: Exclude<Pattern, Star>) => boolean,
): boolean {
  let itemIndex = 0;
  let patternIndex = 0;
  let starIndex = -1;
  let resumeIndex = 0;
  for (;;) {
    const item = items[itemIndex];
    if (item === undefined) break;
    const pattern = patterns[patternIndex];
    if (pattern === star) {
      starIndex = patternIndex;
      resumeIndex = itemIndex;
      patternIndex += 1;
    } else if (pattern !== undefined && accepts(item, pattern as Exclude<Pattern, Star>)) {
      itemIndex += 1;
      patternIndex += 1;
    } else if (starIndex >= 0) {
      resumeIndex += 1;
      itemIndex = resumeIndex;
      patternIndex = starIndex + 1;
    } else {
      return false;
    }
  }
  while (patterns[patternIndex] === star) patternIndex += 1;
  return patternIndex === patterns.length;
}
