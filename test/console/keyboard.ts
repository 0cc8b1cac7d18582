import type { Locator, Page } from "playwright-core";

/** So many things a page may have between two that one wants. */
const mostTabs = 250;

/** What somebody does who has a keyboard and no mouse. */
export interface Keyboard {
  /** Opens a page by the palette. */
  open(title: string): Promise<void>;
  /** Goes to something by Tab alone. Rejects when Tab does not lead there. */
  goTo(target: Locator): Promise<void>;
  /** Goes to a button or a link, and presses it. */
  press(target: Locator): Promise<void>;
  /** Goes to a field, and writes over what is in it. */
  write(target: Locator, text: string): Promise<void>;
  /** Goes to a list, and chooses what begins so. */
  choose(target: Locator, text: string): Promise<void>;
}

export function byKeyboard(page: Page): Keyboard {
  async function goTo(target: Locator): Promise<void> {
    await target.waitFor();
    for (let tabs = 0; tabs <= mostTabs; tabs++) {
      if ((await target.and(page.locator(":focus")).count()) > 0) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`Tab does not lead to ${target.toString()}`);
  }
  return {
    goTo,
    async open(title) {
      await page.keyboard.press("Control+k");
      await page.getByRole("dialog").getByRole("combobox").waitFor();
      await page.keyboard.type(title);
      await page.getByRole("option", { name: title, selected: true }).waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: title, level: 1 }).waitFor();
    },
    async press(target) {
      await goTo(target);
      await page.keyboard.press("Enter");
    },
    async write(target, text) {
      await goTo(target);
      await page.keyboard.press("Control+a");
      await page.keyboard.insertText(text);
    },
    async choose(target, text) {
      await goTo(target);
      await page.keyboard.type(text);
    },
  };
}
