import fs from 'node:fs';
import path from 'node:path';
import { ModalDialog, Notifications } from './messages.mjs';
import { QuickInput } from './quickInput.mjs';
import { TerminalView } from './terminalView.mjs';
import { plainSpaces, toPattern } from './textPattern.mjs';
import { TreeView } from './treeView.mjs';
import { until, WAIT_MS } from './until.mjs';
import { workbenchUrl } from './workbenchUrl.mjs';

/** Large enough that no view is collapsed, small enough to read in a document. */
const VIEWPORT = { width: 1400, height: 900 };

/** The first start reads all extensions; on a busy machine that alone takes a while. */
const READY_TIMEOUT_MS = 180_000;

/**
 * @typedef {object} WorkbenchOptions
 * @property {{ width: number, height: number } | undefined} [viewport]
 */

/**
 * Drives one VS Code window. Every method waits for the state it needs, none for a time. Status items are named by
 * their full id, `<publisher>.<name>.<item id>`, for which the extension has to give the item an id.
 */
export class Workbench {
  /**
   * Opens a window in a browser context of its own.
   *
   * @param {import('playwright-core').Browser} browser
   * @param {number} port of the VS Code server
   * @param {import('./workbenchUrl.mjs').WorkbenchTarget} target
   * @param {WorkbenchOptions} [options]
   * @returns {Promise<Workbench>}
   */
  static async open(browser, port, target, options = {}) {
    const context = await browser.newContext({ viewport: options.viewport ?? VIEWPORT });
    try {
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      const workbench = new Workbench(await context.newPage(), port);
      await workbench.goTo(target);
      return workbench;
    } catch (cause) {
      await context.close();
      throw new Error(`Failed to open the workbench: ${String(cause)}`, { cause });
    }
  }

  /**
   * @param {import('playwright-core').Page} page
   * @param {number} port of the VS Code server
   */
  constructor(page, port) {
    page.setDefaultTimeout(WAIT_MS);
    this.page = page;
    this.port = port;
    this.quickInput = new QuickInput(page);
    this.notifications = new Notifications(page, this.quickInput);
    this.dialog = new ModalDialog(page);
    this.terminal = new TerminalView(page);
  }

  /**
   * Shows another folder in this window.
   *
   * @param {import('./workbenchUrl.mjs').WorkbenchTarget} target
   */
  async goTo(target) {
    await this.page.goto(workbenchUrl(this.port, target));
    await this.waitUntilReady();
  }

  /**
   * Ready means drawn in the chosen color theme, which comes from an extension: all extensions are known then, and
   * so are their commands. They are not yet activated; wait for something of theirs to see that.
   */
  async waitUntilReady() {
    const themed = this.page.locator('.monaco-workbench[class*="vscode-theme-"]');
    await themed.waitFor({ timeout: READY_TIMEOUT_MS });
    await this.page.getByRole('tablist').first().waitFor();
  }

  /** Reloads the window as a user does: extensions deactivate, and a second extension host starts. */
  async reload() {
    const loaded = this.page.waitForEvent('load');
    await Promise.all([loaded, this.quickInput.runCommand('Developer: Reload Window')]);
    await this.waitUntilReady();
  }

  /** Closes the window without a word to the server, as a browser tab does. */
  async close() {
    await this.page.context().close();
  }

  /**
   * @param {string} title as the palette shows it, with the category
   */
  async runCommand(title) {
    await this.quickInput.runCommand(title);
  }

  /**
   * @param {string} id
   * @returns {Promise<string>} empty where there is no such item
   */
  async statusItemText(id) {
    const texts = await this.statusItem(id).allTextContents();
    return plainSpaces(texts.join('')).trim();
  }

  /**
   * @param {string} id
   * @returns {Promise<string>} what a screen reader says
   */
  async statusItemName(id) {
    return (await this.statusItem(id).locator('a').first().getAttribute('aria-label')) ?? '';
  }

  /**
   * @param {string} id
   * @param {import('./textPattern.mjs').TextPattern} text
   * @returns {Promise<string>} the text that matched
   */
  async waitForStatus(id, text) {
    return until(
      `${String(text)} in status item ${id}`,
      () => this.statusItemText(id),
      (state) => toPattern(text).test(state),
    );
  }

  /** @param {string} id */
  async clickStatusItem(id) {
    await this.statusItem(id).locator('a').first().click();
  }

  /**
   * Shows a view container of the activity bar, if it is not the one on view.
   *
   * @param {import('./textPattern.mjs').TextPattern} title with a badge, ` - ` and the badge's tooltip follow it
   */
  async openView(title) {
    // The tab and not the link inside: a badge lies on top of the link and would take the click.
    const tab = this.page.getByRole('tab', { name: toPattern(title) }).first();
    await tab.waitFor();
    if ((await tab.getAttribute('aria-expanded')) !== 'true') {
      await tab.click();
    }
    await until(
      `view container ${String(title)} to open`,
      () => tab.getAttribute('aria-expanded'),
      (isExpanded) => isExpanded === 'true',
    );
  }

  /**
   * Opens a file of the workspace in an editor.
   *
   * @param {string} name as quick open finds it
   */
  async openFile(name) {
    await this.quickInput.openFile(name);
    await this.page.getByRole('tab', { name }).waitFor();
  }

  /**
   * Drags the border of the side bar to the right.
   *
   * @param {number} pixels
   */
  async widenSideBar(pixels) {
    const box = await this.page.locator('.part.sidebar').boundingBox();
    if (box === null) throw new Error('Failed to widen the side bar: it is not on view');
    const x = box.x + box.width;
    const y = box.y + box.height / 2;
    await this.page.mouse.move(x, y);
    await this.page.mouse.down();
    await this.page.mouse.move(x + pixels, y, { steps: 5 });
    await this.page.mouse.up();
  }

  /**
   * @param {string} viewName
   * @returns {TreeView}
   */
  tree(viewName) {
    return new TreeView(this.page, viewName);
  }

  /** @returns {Promise<string>} */
  async clipboardText() {
    // As text: the test program is compiled without the types of a browser.
    return String(await this.page.evaluate('navigator.clipboard.readText()'));
  }

  /** @returns {Promise<string>} what a screen reader calls the element that has the keyboard */
  async focusedName() {
    return String(
      await this.page.evaluate(`document.activeElement?.getAttribute('aria-label') ?? ''`),
    );
  }

  /** Takes the pointer to where nothing shows a hover or an action under it. */
  async restPointer() {
    await this.page.mouse.move(VIEWPORT.width / 2, VIEWPORT.height / 2);
  }

  /** @param {string} file */
  async screenshot(file) {
    fs.mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
    await this.page.screenshot({ path: file, animations: 'disabled' });
  }

  /** @param {string} id */
  statusItem(id) {
    return this.page.locator(`[id="${id}"]`);
  }
}
