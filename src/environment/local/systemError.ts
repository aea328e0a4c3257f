/** An error as Node makes it for a failed system call, for failures we find out without making one. */
export function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}, '${path}'`), { code });
}
