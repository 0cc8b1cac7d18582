import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, at } from "../e2e/http.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const run = promisify(execFile);
const hostile = "<img src=x onerror=alert(1)>";

describe.skipIf(chromiumPath === undefined)("the page of settings and the system", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;
  const api = (path: string) =>
    ask(server.platform, path, { headers: { authorization: `Bearer ${server.key}` } });

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startConsoleServer({ opentelemetry: { service_name: hostile } });
  });
  afterAll(async () => {
    await server?.stop();
    await browser?.close();
  });

  test("tells what the server is and stands on, as the API does", async () => {
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/system" });
    const { json } = await api("/api/v1/system");
    await page.getByText(String(at(json, "version")), { exact: true }).waitFor();
    await page.getByText("SQLite, in the data folder").waitFor();
    await page.getByText(server.platform.dataDirectory).waitFor();
    await page.getByRole("heading", { name: "No certificate is configured" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "system")).toEqual([]);
    expect(await page.getByRole("link", { name: "Backups" }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("finds settings, tells where each comes from, and shows no secret", async () => {
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/system/settings" });
    await page.getByRole("button", { name: "server.host" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "system-settings")).toEqual([]);
    await page.getByLabel("Find").fill("service_name");
    await page.getByRole("button", { name: "server.host" }).waitFor({ state: "detached" });
    await page.getByText(hostile).waitFor();
    expect(await page.locator("img[src=x]").count()).toBe(0);
    await page.getByLabel("Find").fill("auth.api_keys");
    await page.getByRole("button", { name: "auth.api_keys" }).press("Enter");
    const drawer = page.getByRole("dialog", { name: "auth.api_keys" });
    await drawer.getByText("It comes from the configuration file.", { exact: false }).waitFor();
    expect(await drawer.textContent()).toContain("[secret]");
    expect(await page.content()).not.toContain(server.key);
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "system-setting")).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByLabel("Find").fill("no such setting");
    await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("on a phone each setting has its value and where it comes from below its name", async () => {
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/system/settings" });
    await page.setViewportSize({ width: 360, height: 780 });
    // The longest name.
    await page.getByLabel("Find").fill("default_address");
    await page.getByRole("button", { name: /^limits\.default_address\.requests_per_minute/ }).waitFor();
    const frame = page.getByRole("group", { name: "Settings" });
    expect(await frame.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
    await page.getByLabel("Find").fill("service_name");
    const named = page.getByRole("button", { name: /^opentelemetry\.service_name/ });
    await named.getByText(hostile).waitFor();
    await named.getByText("file", { exact: true }).waitFor();
    const value = await named.getByText(hostile).boundingBox();
    expect(value?.width).toBeGreaterThan(100);
    expect(await findBarriers(page)).toEqual([]);
    await named.press("Enter");
    await page.getByRole("dialog", { name: "opentelemetry.service_name" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("a backup is made and proved, and how it is restored stands there", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/system/backups" });
    await page.getByRole("heading", { name: "There is no backup yet" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Make a backup" }).press("Enter");
    await page.getByText("not checked").waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: /^Check llm-platform/ }).press("Enter");
    await page.getByText("can be restored", { exact: true }).waitFor({ timeout: 60_000 });
    const { json } = await api("/api/v1/backups");
    const file = String(at(json, "backups", "0", "file"));
    await page.getByText(`llmp restore ${file} --data-dir FOLDER`).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "system-backups")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("the log of a part is changed for a while, and taken back", async () => {
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/system/log" });
    await page.getByRole("textbox", { name: "Part" }).fill("audit");
    await page.getByLabel("Holds").selectOption({ label: "an hour" });
    await page.getByRole("textbox", { name: "Part" }).press("Enter");
    await page.getByRole("button", { name: "Take back audit" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "system-log")).toEqual([]);
    const { json } = await api("/api/v1/system/log-levels");
    expect(at(json, "levels", "0")).toMatchObject({ part: "audit", level: "debug" });
    await page.getByRole("button", { name: "Take back audit" }).press("Enter");
    await page.getByText("Nothing is changed", { exact: false }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("a support bundle is looked at before it is saved, and what is saved is what was shown", async () => {
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/system/support" });
    await page.getByRole("button", { name: "Put it together" }).press("Enter");
    await page.getByRole("button", { name: "Look at settings.json" }).press("Enter");
    const shown = page.getByLabel("Content of settings.json");
    await shown.waitFor();
    const text = (await shown.textContent()) ?? "";
    expect(text).toContain('"auth.api_keys"');
    expect(text).not.toContain(server.key);
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "system-support")).toEqual([]);
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download" }).press("Enter");
    const saved = await saving;
    const folder = await mkdtemp(join(tmpdir(), "llm-platform-bundle-"));
    try {
      await run("tar", ["-xf", await saved.path(), "-C", folder]);
      const inner = join(folder, saved.suggestedFilename().replace(/\.tar$/, ""));
      const settings = await readFile(join(inner, "settings.json"), "utf8");
      expect(settings.slice(0, text.length)).toBe(text);
      expect(await readFile(join(inner, "metrics.txt"), "utf8")).toContain("llm_build_info");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    expect(complaints).toEqual([]);
  });

  test("is no page for who may not see settings, and names what went wrong", async () => {
    const viewer = await server.openAs(browser, "viewer", { path: "/system" });
    await viewer.page.getByRole("heading", { name: "This page is not for your role" }).waitFor();
    expect(await viewer.page.getByRole("link", { name: "Settings and system" }).count()).toBe(0);
    const { page } = await server.openAs(browser, "admin", { path: "/account" });
    const refused = { status: 503, contentType: "application/problem+json", body: '{"detail":"<b>No</b>"}' };
    await page.route("**/api/v1/system/parts", (route) => route.fulfill(refused));
    await page.getByRole("link", { name: "Settings and system" }).click();
    await page.getByText("<b>No</b>").first().waitFor({ timeout: 60_000 });
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).first().click();
    await page.getByText("SQLite, in the data folder").waitFor();
  });
});
