import type { Page } from "playwright-core";
import { vi } from "vitest";
import type { Theme } from "../browser.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** How many answers a page has asked for, and how many of them have come. */
export interface AnswerCount {
  asked: number;
  given: number;
}

/** A page whose height follows the window's would grow for ever. */
const mostSteps = 3;
/** What a busy machine may take for anything at all. */
const limit = { timeout: 90_000 } as const;

/**
 * The address of the page is in programs to copy, and ids are made by chance: both are others each time. What the page
 * draws anew later is written over too, before it is painted.
 */
const keepTextsSteady = `(() => {
  const madeId = /_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
  const steady = () => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { currentNode: node } = texts;
      const text = node.nodeValue.replaceAll(location.host, "127.0.0.1:8000").replace(madeId, "_01234567-89ab-cdef-0123-456789abcdef");
      if (text !== node.nodeValue) node.nodeValue = text;
    }
  };
  if (document.body.steadyTexts === undefined) {
    document.body.steadyTexts = new MutationObserver(steady);
    document.body.steadyTexts.observe(document.body, { subtree: true, childList: true, characterData: true });
  }
  steady();
})()`;
const isWhole = `document.querySelector("main h1") !== null && document.querySelector('[aria-label="Loading"]') === null`;

/** The whole page in a window of that size, once nothing in it has changed for so long. */
export async function takePicture(
  page: Page,
  answers: AnswerCount,
  { size, theme, quietMs }: { readonly size: Size; readonly theme: Theme; readonly quietMs: number },
): Promise<Buffer> {
  // The theme last: with it plots are made anew, in letters as large as those of this width.
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
  await page.evaluate(keepTextsSteady);
  await untilQuiet(page, answers, quietMs);
  // A window as high as the page: what stays in sight while one scrolls is drawn once, and tables draw all of their rows,
  // which may make the page higher once more.
  let { height } = size;
  for (let step = 0; step < mostSteps; step++) {
    const needed: number = await page.evaluate("document.documentElement.scrollHeight");
    if (needed <= height) break;
    height = needed;
    await page.setViewportSize({ width: size.width, height });
    await untilQuiet(page, answers, quietMs);
  }
  return page.screenshot({ animations: "disabled", caret: "hide", ...limit });
}

/** Until all answers are there and drawn, and the page is as it will stay. */
async function untilQuiet(page: Page, answers: AnswerCount, quietMs: number): Promise<void> {
  const deadlineMs = performance.now() + limit.timeout;
  await page.getByText("Live", { exact: true }).waitFor({ state: "attached", ...limit });
  for (let asked: number | undefined; asked !== answers.asked || asked !== answers.given; ) {
    if (performance.now() > deadlineMs) throw new Error("the page does not come to rest");
    await vi.waitUntil(() => answers.asked === answers.given, { ...limit, interval: 10 });
    asked = answers.asked;
    await vi.waitUntil(() => page.evaluate<boolean>(isWhole), limit);
    await page.evaluate(quietFor(quietMs));
  }
}

/** Waits for fonts, for so long without a change, and for the frames that draw the last one. */
function quietFor(ms: number): string {
  return `document.fonts.ready.then(() => new Promise((done) => {
    const finish = () => { watcher.disconnect(); requestAnimationFrame(() => requestAnimationFrame(done)); };
    let timer = setTimeout(finish, ${ms});
    const watcher = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(finish, ${ms}); });
    watcher.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  }))`;
}
