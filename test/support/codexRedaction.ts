/** Keeping tokens out of what a failing test prints. */

/** Hiding a shorter value, a flag of one digit say, would only blacken the text around it. */
const shortestSecret = 8;

/**
 * Hides what a text may give away: the query of every URL, where tokens travel, and the given
 * secrets wherever they stand.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  const withoutQueries = text.replace(
    /\b((?:wss?|https?):\/\/[^\s?"'`<>]*)\?[^\s"'`<>]*/g,
    '$1?<redacted>',
  );
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '<redacted>'), withoutQueries);
}

/** The values in the query of a URL that may be secrets; a URL that cannot be parsed has none. */
export function querySecrets(url: string | undefined): readonly string[] {
  if (url === undefined || !URL.canParse(url)) {
    return [];
  }
  const values = [...new URL(url).searchParams.values()];
  return values.filter((value) => value.length >= shortestSecret);
}
