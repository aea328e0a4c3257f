import { toPattern } from './textPattern.mjs';
import { until } from './until.mjs';

/**
 * A key press can be lost while the previous quick input closes, a click while the list is drawn again; each step of
 * an attempt has this long.
 */
const STEP_TIMEOUT_MS = 10_000;

const MAX_ATTEMPTS = 6;

/** The one widget behind the command palette, quick picks and input boxes. */
export class QuickInput {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
    this.widget = page.locator('.quick-input-widget');
    this.input = this.widget.locator('.quick-input-box input');
    this.list = this.widget.locator('.quick-input-list');
  }

  /**
   * Runs a command from the palette.
   *
   * @param {string} title as the palette shows it, with the category: `Developer: Reload Window`
   */
  async runCommand(title) {
    await this.pick(`>${title}`, this.option(title));
  }

  /** @param {string} name of a file in the workspace */
  async openFile(name) {
    await this.pick(name, this.list.getByRole('option', { name }).first());
  }

  /**
   * Opens the palette, types and picks the entry that appears.
   *
   * @param {string} text
   * @param {import('playwright-core').Locator} entry
   */
  async pick(text, entry) {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.widget.waitFor({ state: 'hidden', timeout: STEP_TIMEOUT_MS });
        await this.page.keyboard.press('F1');
        await this.input.fill(text, { timeout: STEP_TIMEOUT_MS });
        await entry.click({ timeout: STEP_TIMEOUT_MS });
        // The command may show a quick pick of its own; what follows must not act on the palette instead.
        await entry.waitFor({ state: 'hidden', timeout: STEP_TIMEOUT_MS });
        return;
      } catch (cause) {
        if (attempt === MAX_ATTEMPTS) {
          throw new Error(`Failed to pick ${text}: ${String(cause)}`, { cause });
        }
        await this.page.keyboard.press('Escape');
      }
    }
  }

  /** @returns {Promise<string[]>} the labels of the choices on view */
  async choices() {
    return this.list.locator('[role="option"] .label-name').allTextContents();
  }

  /** @returns {Promise<string[]>} what a screen reader says for each choice */
  async optionNames() {
    /** @type {string[]} */
    const names = await this.list
      .getByRole('option')
      .evaluateAll((/** @type {import('./treeView.mjs').Named[]} */ rows) =>
        rows.map((row) => row.getAttribute('aria-label') ?? ''),
      );
    return names;
  }

  /**
   * Picks an entry of a quick pick.
   *
   * @param {import('./textPattern.mjs').TextPattern} label
   */
  async choose(label) {
    const entry = this.option(label);
    await entry.waitFor();
    await until(
      `the choice ${String(label)} to be taken`,
      async () => {
        if (await entry.isVisible()) {
          await entry.click({ timeout: STEP_TIMEOUT_MS });
          await entry.waitFor({ state: 'hidden', timeout: STEP_TIMEOUT_MS });
        }
        return entry.isHidden();
      },
      Boolean,
    );
  }

  /**
   * Answers an input box.
   *
   * @param {string} text
   * @param {import('./textPattern.mjs').TextPattern} [prompt] tells boxes apart that follow each other
   */
  async enter(text, prompt = /(?:)/) {
    // An input box has no list: this tells it from a palette that is still closing.
    await this.list.waitFor({ state: 'hidden' });
    const message = this.widget.locator('.quick-input-message');
    await message.filter({ hasText: toPattern(prompt) }).waitFor();
    await this.input.fill(text);
    await this.input.press('Enter');
    await until(
      `the input box to accept ${text}`,
      async () => (await this.input.isVisible()) && (await this.input.inputValue()) === text,
      (isPending) => !isPending,
    );
  }

  /**
   * Checks or unchecks an entry of a quick pick with checkboxes.
   *
   * @param {import('./textPattern.mjs').TextPattern} label
   */
  async toggle(label) {
    const text = toPattern(label);
    await this.list.locator('.label-name', { hasText: text }).first().click();
  }

  /** Confirms a quick pick with checkboxes. */
  async accept() {
    await this.page.keyboard.press('Enter');
    await this.widget.waitFor({ state: 'hidden' });
  }

  async cancel() {
    await this.page.keyboard.press('Escape');
    await this.widget.waitFor({ state: 'hidden' });
  }

  /** @param {import('./textPattern.mjs').TextPattern} label */
  option(label) {
    const name = this.page.locator('.label-name', { hasText: toPattern(label) });
    return this.list.getByRole('option').filter({ has: name }).first();
  }
}
