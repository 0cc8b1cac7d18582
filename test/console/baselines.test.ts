import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { areServicesRequired } from "../../tools/services.ts";
import { browserTest, chromiumPath, launchBrowser, type Theme } from "./browser.ts";
import { comparePictures, packPicture } from "./pictures/compare-pictures.ts";
import { takePicture } from "./pictures/take-picture.ts";
import { type ShownPlatform, startShownPlatform } from "./pictures/shown-platform.ts";

const folder = fileURLToPath(new URL("./baselines/", import.meta.url));
/** Where pictures that have changed go; git does not see it. */
const changedFolder = fileURLToPath(new URL("./screenshots/", import.meta.url));
/** The version of Chromium that the pictures are of, and how wide its fonts are. */
const drawnByFile = `${folder}drawn-by.txt`;
/** Fonts are those of the machine; two that are as wide as each other are taken for one. */
const fontWidths = `["--font", "--font-code"].map((name) => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = "100px " + getComputedStyle(document.documentElement).getPropertyValue(name);
  return Math.round(pen.measureText("Which way a call goes, 0123456789").width);
}).join(" and ")`;
/** `compare`, or `renew` to keep what there is now. Unset, pictures are compared where every service is required. */
const asked = process.env["BASELINES"];
const isRenewing = asked === "renew";

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

const looks = sizes.flatMap((size) => themes.map((theme) => ({ size, theme })));

/** Six pictures of a page each, on a machine that is busy. */
const pageTest = { timeout: 2 * browserTest.timeout } as const;
/** A page that looks otherwise may only be late: it is looked at so often again. */
const retakes = 3;
/** So long nothing may change before a picture is taken, and before it is taken again. */
const quietMs = 100;
const lateMs = 500;

const isOff = asked === undefined && !areServicesRequired();

describe.skipIf(chromiumPath === undefined || isOff)("pages look as they did", pageTest, () => {
  let browser: Browser;
  let platform: ShownPlatform;
  let shown: Awaited<ReturnType<ShownPlatform["open"]>>;
  let skipped: string | undefined;

  beforeAll(async () => {
    browser = await launchBrowser();
    platform = await startShownPlatform();
    shown = await platform.open(browser);
    const widths: string = await shown.page.evaluate(fontWidths);
    const drawnBy = `Chromium ${browser.version().split(".")[0] ?? ""}, fonts ${widths} wide`;
    await mkdir(changedFolder, { recursive: true });
    if (isRenewing) {
      await mkdir(folder, { recursive: true });
      await writeFile(drawnByFile, `${drawnBy}\n`);
    }
    const pictured = (await readFile(drawnByFile, "utf8")).trim();
    if (pictured !== drawnBy && asked === undefined)
      skipped = `the pictures are drawn by ${pictured}, and this is ${drawnBy}`;
  }, 2 * browserTest.timeout);
  afterAll(async () => {
    await platform?.stop();
    await browser?.close();
  });

  /** Leaves the page before with all that it still waits for, and what it complains about. */
  async function show(path: string): Promise<() => readonly string[]> {
    const { page, answers, complaints } = shown;
    await page.goto("about:blank");
    await vi.waitUntil(() => answers.asked === answers.given, browserTest);
    const earlier = complaints.length;
    await page.goto(platform.url + path);
    return () => complaints.slice(earlier);
  }

  const take = (look: (typeof looks)[number], stillMs: number) =>
    takePicture(shown.page, shown.answers, { ...look, quietMs: stillMs });

  /** A picture that is the same as the one before it. */
  async function takeLasting(look: (typeof looks)[number]): Promise<Buffer> {
    let before = await take(look, lateMs);
    for (let tries = 0; tries < retakes; tries++) {
      const picture = await take(look, lateMs);
      if (picture.equals(before)) return picture;
      before = picture;
    }
    throw new Error("the page looks otherwise each time");
  }

  async function compare(name: string, look: (typeof looks)[number]): Promise<string | undefined> {
    const path = `${folder}${name}.png`;
    if (isRenewing) {
      // Also what the comparison would bear: together the pictures are of one day.
      await writeFile(path, await packPicture(await takeLasting(look)));
      return undefined;
    }
    const kept = await readFile(path).catch(() => undefined);
    let change: string | undefined = "there is no picture of it";
    for (let tries = 0; kept !== undefined && change !== undefined && tries <= retakes; tries++) {
      const picture = await take(look, tries === 0 ? quietMs : lateMs);
      change = await comparePictures(kept, picture);
      if (change !== undefined) await writeFile(`${changedFolder}${name}.png`, picture);
    }
    return change;
  }

  test.for(shownPages)("%s", async ([name, path], { skip }) => {
    if (skipped !== undefined) skip(skipped);
    const complaints = await show(path);
    const changed: string[] = [];
    for (const look of looks) {
      const { width } = look.size;
      const lookName = `${name}-${width}-${look.theme}`;
      const change = await compare(lookName, look);
      if (change !== undefined) changed.push(`${lookName}: ${change}`);
      const over: number = await shown.page.evaluate("document.documentElement.scrollWidth - innerWidth");
      if (over > 0) changed.push(`${name} is ${over} pixels wider than ${width}`);
    }
    expect(complaints()).toEqual([]);
    expect(changed, "see test/console/screenshots; BASELINES=renew keeps them").toEqual([]);
  });

  test("a block missing or moved is told, and letters drawn otherwise are not", async ({ skip }) => {
    if (skipped !== undefined) skip(skipped);
    await show("/keys");
    const look = { size: sizes[1], theme: "light" } as const;
    const before = await takeLasting(look);
    const withStyle = async (selector: string, style: string, value: string) => {
      const set = (to: string) =>
        shown.page.evaluate(`document.querySelector(${JSON.stringify(selector)}).style.${style} = "${to}"`);
      await set(value);
      const picture = await take(look, quietMs);
      await set("");
      return comparePictures(before, picture);
    };
    expect(await withStyle("html", "textRendering", "geometricPrecision")).toBeUndefined();
    expect(await withStyle("main button", "visibility", "hidden")).toContain("differ");
    expect(await withStyle("main table", "transform", "translateY(6px)")).toContain("differ");
    expect(await withStyle("main h1", "marginBottom", "40px")).toContain("differ");
  });
});
