const POSIX_SHELL = /^(?:ba|da|z|k|mk|fi|a)?sh$/;
const POWER_SHELL = /^(?:pwsh|powershell)$/i;

/**
 * How a command line is shown: what a shell was asked to run, else the arguments, quoted. A shell with
 * further arguments is shown whole, because those change what runs.
 */
export function commandText(argv: readonly string[]): string {
  const [program = '', option = '', script, ...further] = argv;
  if (script !== undefined && further.length === 0) {
    const name = baseName(program);
    if (POSIX_SHELL.test(name) && /^-[a-z]*c$/.test(option)) return script;
    if (POWER_SHELL.test(name) && /^-c(?:ommand)?$/i.test(option)) return script;
    if (/^cmd$/i.test(name) && /^\/c$/i.test(option)) return script;
  }
  return argv.map(quotePosix).join(' ');
}

/** The command line to paste into the machine's usual shell. */
export function pastableCommand(argv: readonly string[], platform: NodeJS.Platform): string {
  if (platform === 'win32') return ['&', ...argv.map(quotePowerShell)].join(' ');
  return argv.map(quotePosix).join(' ');
}

/** One argument for a POSIX shell. */
export function quotePosix(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** One argument for PowerShell, which takes typographic quotes for plain ones too. */
export function quotePowerShell(text: string): string {
  return `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}

function baseName(program: string): string {
  return (program.split(/[\\/]/).at(-1) ?? '').replace(/\.exe$/i, '');
}
