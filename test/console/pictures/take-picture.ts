import type { Page } from "playwright-core";
import type { Theme } from "../browser.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The address of the page is in programs to copy, and its port is another one each time. */
const steadyPort = `(() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode())
    if (texts.currentNode.nodeValue.includes(location.host))
      texts.currentNode.nodeValue = texts.currentNode.nodeValue.replaceAll(location.host, "127.0.0.1:8000");
})()`;
/** Until nothing is loaded any more, and all is drawn as it was told to be. */
const isDrawn = `(async () => {
  const answers = performance.getEntriesByType("resource").length;
  await document.fonts.ready;
  await new Promise((done) => setTimeout(done, 500));
  if (performance.getEntriesByType("resource").length !== answers) return false;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return document.querySelector('main h1') !== null && document.querySelector('[aria-label="Loading"]') === null;
})()`;

/** The whole page in a window of that size, once it is all there. */
export async function takePicture(page: Page, size: Size, theme: Theme): Promise<Buffer> {
  await page.mouse.move(0, 0);
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
  await untilDrawn(page);
  // A window as high as the page: what stays in sight while one scrolls is drawn once, and tables draw all of their rows.
  const height: number = await page.evaluate("document.documentElement.scrollHeight");
  await page.setViewportSize({ width: size.width, height: Math.max(size.height, height) });
  await untilDrawn(page);
  await page.evaluate(steadyPort);
  return page.screenshot({ animations: "disabled", caret: "hide" });
}

async function untilDrawn(page: Page): Promise<void> {
  await page.getByText("Live", { exact: true }).waitFor({ state: "attached", timeout: 60_000 });
  await page.waitForLoadState("networkidle", { timeout: 60_000 });
  await page.waitForFunction(isDrawn, undefined, { timeout: 60_000 });
}
