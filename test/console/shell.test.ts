import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const assets = fileURLToPath(new URL("../../packages/server/bundle/console/assets/", import.meta.url));
const mostFirstViewBytes = 250_000;

test("the first view needs at most 250 KB of script", () => {
  const sizes = readdirSync(assets)
    .filter((name) => name.endsWith(".js.gz"))
    .map((name) => ({ name, bytes: statSync(assets + name).size }));
  const start = sizes
    .filter(({ name }) => name.startsWith("index-"))
    .reduce((sum, { bytes }) => sum + bytes, 0);
  const largest = Math.max(
    ...sizes.filter(({ name }) => !name.startsWith("index-")).map(({ bytes }) => bytes),
  );
  expect(start).toBeGreaterThan(0);
  expect(start + largest).toBeLessThan(mostFirstViewBytes);
});

describe.skipIf(chromiumPath === undefined)("what stands around every page", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startConsoleServer();
  });
  afterAll(async () => {
    await server?.stop();
    await browser?.close();
  });

  test("is in order in both themes and every width", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/account" });
    await page.getByText("audit.read", { exact: true }).waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "account")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("speaks German, and keeps to it", async () => {
    const { page } = await server.openAs(browser, "viewer", { path: "/account" });
    await page.getByLabel("viewer").click();
    await page.getByLabel("Language").selectOption("de");
    await page.getByRole("heading", { name: "Konto" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Konto" }).waitFor();
    expect(await page.evaluate("document.documentElement.lang")).toBe("de");
  });

  test("is gone through by keys: the palette, the way past the navigation", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/nowhere" });
    await page.getByRole("heading", { name: "There is no such page" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Go to or do" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.type("acc");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Account" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("tells that the connection is lost, greys what is old, and goes on when it is back", async () => {
    const { page, context } = await server.openAs(browser, "operator", { path: "/account" });
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Hold everything still" }).click();
    await page.getByText("Paused", { exact: true }).waitFor();
    await page.locator("[data-stale=true]").waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Go on live" }).click();
    await page.getByText("Live", { exact: true }).waitFor();
    await page.locator("[data-stale=false]").waitFor({ state: "attached" });
    await context.close();
  });
});
