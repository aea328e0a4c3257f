import { toPattern } from './textPattern.mjs';

/** Notification toasts. A server with the test driver shows none. */
export class Notifications {
  /**
   * @param {import('playwright-core').Page} page
   * @param {import('./quickInput.mjs').QuickInput} quickInput
   */
  constructor(page, quickInput) {
    this.page = page;
    this.quickInput = quickInput;
    this.toasts = page.locator('.notifications-toasts').getByRole('dialog');
  }

  /** @returns {Promise<string[]>} the messages on view */
  async messages() {
    return this.toasts.locator('.notification-list-item-message').allInnerTexts();
  }

  /**
   * A message without buttons goes away after some seconds.
   *
   * @param {import('./textPattern.mjs').TextPattern} message
   * @returns {Promise<string>} the whole message
   */
  async waitFor(message) {
    return this.toast(message).locator('.notification-list-item-message').innerText();
  }

  /**
   * @param {import('./textPattern.mjs').TextPattern} message
   * @param {string} button
   */
  async clickButton(message, button) {
    const toast = this.toast(message);
    await toast.getByRole('button', { name: button, exact: true }).click();
    await toast.waitFor({ state: 'hidden' });
  }

  async clearAll() {
    await this.quickInput.runCommand('Notifications: Clear All Notifications');
    await this.toasts.first().waitFor({ state: 'hidden' });
  }

  /** @param {import('./textPattern.mjs').TextPattern} message */
  toast(message) {
    const text = this.page.locator('.notification-list-item-message', {
      hasText: toPattern(message),
    });
    return this.toasts.filter({ has: text }).first();
  }
}

/** The modal dialog of the workbench. */
export class ModalDialog {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.box = page.locator('.monaco-dialog-box');
  }

  /**
   * @param {import('./textPattern.mjs').TextPattern} message without the detail below it
   * @returns {Promise<{ message: string, detail: string, buttons: string[] }>}
   */
  async waitFor(message) {
    const text = this.box.locator('.dialog-message-text', { hasText: toPattern(message) });
    await text.waitFor();
    return {
      message: await text.innerText(),
      detail: (await this.box.locator('.dialog-message-detail').allInnerTexts()).join('\n'),
      buttons: await this.box.locator('.dialog-buttons').getByRole('button').allInnerTexts(),
    };
  }

  /**
   * @param {import('./textPattern.mjs').TextPattern} message
   * @param {string} button
   */
  async clickButton(message, button) {
    await this.waitFor(message);
    await this.box.getByRole('button', { name: button, exact: true }).click();
    await this.box.locator('.dialog-message-text', { hasText: toPattern(message) }).waitFor({
      state: 'hidden',
    });
  }
}
