import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import type { Page } from "playwright-core";
import type { Theme } from "./browser.ts";

/** Where pictures go; git does not see it. */
const folder = fileURLToPath(new URL("./screenshots/", import.meta.url));

const sizes = [
  [360, 780],
  [1280, 900],
  [2560, 1440],
] as const;
const themes: readonly Theme[] = ["light", "dark"];
/** Until the page is drawn as it was told to be. */
const nextFrames = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))";

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What stands against the page by WCAG 2.2 AA and good practice, in both themes; none when all is well. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  const found: string[] = [];
  for (const theme of themes) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await page.evaluate(nextFrames);
    await page.evaluate(axe.source);
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const options = JSON.stringify({ runOnly: { type: "tag", values: tags } });
    const violations: readonly Violation[] = await page.evaluate(
      `axe.run(document, ${options}).then((result) => result.violations)`,
    );
    for (const { id, help, nodes } of violations)
      for (const { html, failureSummary } of nodes)
        found.push(`${theme}: ${id}: ${help}: ${html.slice(0, 200)}: ${failureSummary}`);
  }
  return found;
}

/** Takes a picture in three widths and both themes, and says where the page is wider than its window. */
export async function takePictures(page: Page, name: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const before = page.viewportSize();
  const tooWide: string[] = [];
  for (const [width, height] of sizes) {
    await page.setViewportSize({ width, height });
    await page.evaluate(nextFrames);
    const over: number = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    if (over > 0) tooWide.push(`${name} is ${over} pixels wider than ${width}`);
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await page.evaluate(nextFrames);
      await page.screenshot({ path: `${folder}${name}-${width}-${theme}.png` });
    }
  }
  if (before !== null) await page.setViewportSize(before);
  return tooWide;
}
