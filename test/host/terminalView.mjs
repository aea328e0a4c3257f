import { plainSpaces, toPattern } from './textPattern.mjs';
import { until } from './until.mjs';

/** The terminal that has the panel's focus. Its text is what is on view: the page does not hold the scrollback. */
export class TerminalView {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
    this.active = page.locator('.terminal-wrapper.active');
    this.keyboard = this.active.locator('textarea.xterm-helper-textarea');
  }

  /** @returns {Promise<string[]>} the lines on view, without the empty ones at the end */
  async lines() {
    const rows = await this.active.locator('.xterm-rows > div').allTextContents();
    return rows.map(plainSpaces).join('\n').trimEnd().split('\n').map(trimLineEnd);
  }

  /**
   * @param {import('./textPattern.mjs').TextPattern} text matched against the lines, joined by line feeds
   * @returns {Promise<string[]>} the lines that matched
   */
  async waitForScreen(text) {
    return until(
      `${String(text)} in the terminal`,
      () => this.lines(),
      (lines) => toPattern(text).test(lines.join('\n')),
    );
  }

  /** @param {string} text */
  async type(text) {
    await this.keyboard.pressSequentially(text);
  }

  /** @param {string} key as `Enter`, `Control+c`, `ArrowUp` */
  async press(key) {
    await this.keyboard.press(key);
  }
}

/** @param {string} line */
function trimLineEnd(line) {
  return line.trimEnd();
}
