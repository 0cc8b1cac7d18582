import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { areServicesRequired } from "../../tools/services.ts";
import { browserTest, chromiumPath, launchBrowser, type Theme } from "./browser.ts";
import { comparePictures, packPicture } from "./pictures/compare-pictures.ts";
import { takePicture } from "./pictures/take-picture.ts";
import { type ShownPlatform, startShownPlatform } from "./pictures/shown-platform.ts";

const folder = fileURLToPath(new URL("./baselines/", import.meta.url));
/** Where pictures that have changed go; git does not see it. */
const changedFolder = fileURLToPath(new URL("./screenshots/", import.meta.url));
/** The version of Chromium that the pictures are of. */
const versionFile = `${folder}chromium.txt`;
/** `compare`, or `renew` to keep what there is now; without it nothing is done. */
const mode = process.env["BASELINES"];
const isRenewing = mode === "renew";

const shownPages = [
  ["home", "/"],
  ["requests", "/requests"],
  ["usage", "/usage"],
  ["alerts", "/alerts"],
  ["integrations", "/integrations"],
  ["integration", "/integrations/office"],
  ["models", "/models"],
  ["routing", "/routing"],
  ["playground", "/playground"],
  ["start", "/start"],
  ["keys", "/keys"],
  ["people", "/people"],
  ["teams", "/people/teams"],
  ["roles", "/people/roles"],
  ["audit", "/audit"],
  ["system", "/system"],
  ["settings", "/system/settings"],
  ["account", "/account"],
] as const;
const sizes = [
  { width: 360, height: 780 },
  { width: 1280, height: 900 },
  { width: 2560, height: 1440 },
] as const;
const themes: readonly Theme[] = ["light", "dark"];

/** Six pictures of a page each, on a machine that is busy. */
const pageTest = { timeout: 2 * browserTest.timeout } as const;

describe.skipIf(chromiumPath === undefined || mode === undefined)("pages look as they did", pageTest, () => {
  let browser: Browser;
  let platform: ShownPlatform;
  let skipped: string | undefined;

  beforeAll(async () => {
    browser = await launchBrowser();
    const version = browser.version().split(".")[0] ?? "";
    await mkdir(changedFolder, { recursive: true });
    if (isRenewing) {
      await mkdir(folder, { recursive: true });
      await writeFile(versionFile, `${version}\n`);
    }
    const pictured = (await readFile(versionFile, "utf8")).trim();
    if (pictured !== version && !areServicesRequired())
      skipped = `the pictures are of Chromium ${pictured}, and this is ${version}`;
    platform = await startShownPlatform();
  }, browserTest.timeout);
  afterAll(async () => {
    await platform?.stop();
    await browser?.close();
  });

  test.for(shownPages)("%s", async ([name, path], { skip }) => {
    if (skipped !== undefined) skip(skipped);
    const { page, context, complaints } = await platform.open(browser, path);
    const changed: string[] = [];
    for (const size of sizes) {
      for (const theme of themes) {
        const picture = await takePicture(page, size, theme);
        const look = `${name}-${size.width}-${theme}`;
        const file = `${folder}${look}.png`;
        if (isRenewing) await writeFile(file, await packPicture(picture));
        const change = await comparePictures(await readFile(file), picture);
        if (change === undefined) continue;
        await writeFile(`${changedFolder}${look}.png`, picture);
        changed.push(`${look}: ${change}`);
      }
      const over: number = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      if (over > 0) changed.push(`${name} is ${over} pixels wider than ${size.width}`);
    }
    await context.close();
    expect(complaints).toEqual([]);
    expect(changed, "see test/console/screenshots; BASELINES=renew keeps them").toEqual([]);
  });

  test("a block that is missing or moved is told, and letters that are drawn otherwise are not", async () => {
    const { page, context } = await platform.open(browser, "/keys");
    const take = () => takePicture(page, sizes[1], "light");
    const before = await take();
    const withStyle = async (selector: string, style: string, value: string) => {
      const set = (to: string) =>
        page.evaluate(`document.querySelector(${JSON.stringify(selector)}).style.${style} = "${to}"`);
      await set(value);
      const picture = await take();
      await set("");
      return comparePictures(before, picture);
    };
    expect(await withStyle("html", "textRendering", "geometricPrecision")).toBeUndefined();
    expect(await withStyle("main button", "visibility", "hidden")).toContain("differ");
    expect(await withStyle("main table", "transform", "translateY(6px)")).toContain("differ");
    expect(await withStyle("main h1", "marginBottom", "40px")).toContain("differ");
    await context.close();
  });
});
