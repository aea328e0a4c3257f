/** A bundle of its own beside the executor's: most executors never read a file of Codex. */
export { TomlError, parse as parseToml, stringify as stringifyToml } from 'smol-toml';
export { parse as parseYaml } from 'yaml';
