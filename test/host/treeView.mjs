import { setTimeout as delay } from 'node:timers/promises';
import { QuickInput } from './quickInput.mjs';
import { plainSpaces, toPattern } from './textPattern.mjs';
import { POLL_MS, until } from './until.mjs';

/** One attempt at a click on something that may move or vanish; it is tried again. */
const STEP_TIMEOUT_MS = 5_000;

/** What the extension asks when it was not told which row was clicked. */
const QUESTION = /^Whose output\?$|\bwhich (?:process|session)\?$/;

/**
 * The part of a page's element that is read; the types of a browser are not part of this program.
 *
 * @typedef {{ getAttribute: (name: string) => string | null }} Named
 *
 * @typedef {{ isConnected: boolean, click: () => void }} Clickable
 */

/**
 * One view with a tree. Items are named by their accessible name: `accessibilityInformation.label` where the
 * extension sets it, else label and description. Only rows that are scrolled into view exist.
 */
export class TreeView {
  /**
   * @param {import('playwright-core').Page} page
   * @param {string} viewName
   */
  constructor(page, viewName) {
    this.page = page;
    this.viewName = viewName;
    this.tree = page.getByRole('tree', { name: viewName, exact: true });
    this.quickInput = new QuickInput(page);
    this.question = page.getByPlaceholder(QUESTION);
  }

  /** @returns {Promise<string[]>} */
  async items() {
    // In one step: a row read on its own may be gone by then, and reading would wait for it to come back.
    /** @type {string[]} */
    const names = await this.tree
      .getByRole('treeitem')
      .evaluateAll((/** @type {Named[]} */ rows) =>
        rows.map((row) => row.getAttribute('aria-label') ?? ''),
      );
    return names;
  }

  /**
   * @param {import('./textPattern.mjs').TextPattern} name
   * @returns {Promise<string>} the item's whole accessible name
   */
  async waitForItem(name) {
    const pattern = toPattern(name);
    const items = await this.waitForItems((all) => all.some((item) => pattern.test(item)), pattern);
    return items.find((item) => pattern.test(item)) ?? '';
  }

  /** @param {import('./textPattern.mjs').TextPattern} name */
  async waitForNoItem(name) {
    const pattern = toPattern(name);
    await this.waitForItems((all) => !all.some((item) => pattern.test(item)), `no ${pattern}`);
  }

  /**
   * @param {(items: string[]) => boolean} accept
   * @param {unknown} [description]
   * @returns {Promise<string[]>}
   */
  async waitForItems(accept, description = 'the expected items') {
    return until(`${String(description)} in view ${this.viewName}`, () => this.items(), accept);
  }

  /** @param {import('./textPattern.mjs').TextPattern} name */
  async click(name) {
    await this.item(name).click();
  }

  /** @param {import('./textPattern.mjs').TextPattern} name */
  async expand(name) {
    const item = this.item(name);
    await item.waitFor();
    if ((await item.getAttribute('aria-expanded')) === 'false') {
      await item.locator('.monaco-tl-twistie').click();
    }
  }

  /**
   * Clicks an action that an item shows while the pointer is over it.
   *
   * @template T
   * @param {import('./textPattern.mjs').TextPattern} name
   * @param {string} title the command's title
   * @param {() => Promise<T>} outcome waits for what the command leads to
   * @returns {Promise<T>}
   */
  async clickInlineAction(name, title, outcome) {
    const item = this.item(name);
    const action = item.getByRole('button', { name: title, exact: true });
    const label = await this.label(name);
    await until(
      `action ${title} of item ${String(name)}`,
      async () => {
        // A refresh can move the row away from the pointer, and the action with it.
        await item.hover({ timeout: STEP_TIMEOUT_MS });
        await action.click({ trial: true, timeout: STEP_TIMEOUT_MS });
        await action.evaluate(click, undefined, { timeout: STEP_TIMEOUT_MS });
        return true;
      },
      Boolean,
    );
    return this.answerUntil(label, outcome);
  }

  /**
   * @template T
   * @param {import('./textPattern.mjs').TextPattern} name
   * @param {string} title the command's title
   * @param {() => Promise<T>} outcome waits for what the command leads to
   * @returns {Promise<T>}
   */
  async clickContextAction(name, title, outcome) {
    const label = await this.label(name);
    await this.item(name).click({ button: 'right' });
    const entry = this.page
      .getByRole('menuitem')
      .filter({ has: this.page.getByText(title, { exact: true }) });
    await entry.waitFor();
    // A menu takes no click in its first tenth of a second, so that the click that opened it cannot choose.
    await until(
      `the context menu to take ${title}`,
      async () => {
        if (await entry.isVisible()) {
          await entry.click({ timeout: STEP_TIMEOUT_MS });
        }
        return entry.isHidden();
      },
      (hasClosed) => hasClosed,
    );
    return this.answerUntil(label, outcome);
  }

  /**
   * The editor does not tell a command which row was clicked while the tree is being drawn again, which nobody can
   * see coming. The extension asks then, and gets the answer that a person would give.
   *
   * @template T
   * @param {string} label of the row that was clicked
   * @param {() => Promise<T>} outcome
   * @returns {Promise<T>}
   */
  async answerUntil(label, outcome) {
    let isOver = false;
    const over = outcome().finally(() => {
      isOver = true;
    });
    const answer = async () => {
      while (!isOver) {
        if (await this.question.isVisible()) {
          await this.quickInput.choose(label);
          return;
        }
        await delay(POLL_MS);
      }
    };
    const [reached] = await Promise.all([over, answer()]);
    return reached;
  }

  /**
   * @param {import('./textPattern.mjs').TextPattern} name
   * @returns {Promise<string>} an item's own text, without its description
   */
  async label(name) {
    return plainSpaces(await this.item(name).locator('.label-name').first().innerText());
  }

  /**
   * Moves the focus to an item with the keyboard alone; the tree has to have it.
   *
   * @param {import('./textPattern.mjs').TextPattern} name
   */
  async focusItem(name) {
    const item = this.item(name);
    await this.page.keyboard.press('Home');
    await until(
      `item ${String(name)} to have the focus`,
      async () => {
        const focused = await this.tree.getAttribute('aria-activedescendant');
        if (focused !== null && focused === (await item.getAttribute('id'))) {
          return true;
        }
        await this.page.keyboard.press('ArrowDown');
        return false;
      },
      Boolean,
    );
  }

  /**
   * Opens the menu of the focused item with the keyboard, and closes it.
   *
   * @returns {Promise<string[]>} its entries
   */
  async keyboardMenu() {
    await this.page.keyboard.press('Shift+F10');
    const entries = this.page.locator('.context-view').getByRole('menuitem');
    await entries.first().waitFor();
    const titles = (await entries.allInnerTexts()).map((title) => title.trim());
    await this.page.keyboard.press('Escape');
    await entries.first().waitFor({ state: 'hidden' });
    return titles.filter((title) => title !== '');
  }

  /** @param {import('./textPattern.mjs').TextPattern} name */
  item(name) {
    return this.tree.getByRole('treeitem', { name: toPattern(name) }).first();
  }
}

/**
 * Runs inside the page: a row that is drawn again between the press and the release of a mouse button takes no click.
 *
 * @param {Clickable} element
 */
function click(element) {
  if (!element.isConnected) throw new Error('The row has been drawn again');
  element.click();
}
