type Variables = Readonly<Record<string, string>>;

/** What a login shell's own files did to the environment it was started with. */
export interface LoginVariables {
  readonly set: Variables;
  readonly unset: readonly string[];
}

/** Variables every shell keeps for itself; a later shell sets its own. */
const shellOwned = new Set(['_', 'PWD', 'OLDPWD', 'SHLVL']);

/** How bash hands a function down to its children; the functions are restored in another way. */
const functionPrefix = 'BASH_FUNC_';

/** Compares the environment a login shell was given with the one it would give its children. */
export function loginVariables(before: Variables, after: Variables): LoginVariables {
  const concerns = (name: string): boolean =>
    !shellOwned.has(name) && !name.startsWith(functionPrefix);
  return {
    set: Object.fromEntries(
      Object.entries(after).filter(([name, value]) => concerns(name) && before[name] !== value),
    ),
    unset: Object.keys(before).filter((name) => concerns(name) && !(name in after)),
  };
}
