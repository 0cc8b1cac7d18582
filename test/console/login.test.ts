import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";
import { browserTest, chromiumPath, launchBrowser, openPage } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

describe.skipIf(chromiumPath === undefined)("logging in at the console", browserTest, () => {
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

  test("a browser at the root of the server is asked who it is, and the page is in order", async () => {
    const { page, complaints } = await openPage(browser, `${server.platform.url}/`);
    await page.getByRole("heading", { name: "Log in to llm-platform" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "login")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("a login outlives a reload, no script can read it, and a log-out ends it", async () => {
    const { page, context, complaints } = await server.openAs(browser, "developer", { path: "/account" });
    await page.getByRole("heading", { name: "Account" }).waitFor();
    expect(
      await page.evaluate("document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)"),
    ).toBe("{}{}");
    const [cookie] = await context.cookies(`${server.platform.url}/api/v1/auth/session/refresh`);
    expect(cookie).toMatchObject({ name: "llmp_refresh", httpOnly: true, sameSite: "Strict" });
    for (let times = 0; times < 3; times++) {
      await page.reload();
      await page.getByRole("heading", { name: "Account" }).waitFor();
    }
    await page.getByLabel("developer").click();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Log in to llm-platform" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Log in to llm-platform" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("several pages of one browser share a login", async () => {
    const { page, context } = await server.openAs(browser, "viewer", { path: "/account" });
    const others = await Promise.all([1, 2, 3].map(() => context.newPage()));
    await Promise.all([
      page.reload(),
      ...others.map((each) => each.goto(`${server.platform.url}/console/account`)),
    ]);
    for (const each of [page, ...others]) await each.getByRole("heading", { name: "Account" }).waitFor();
  });

  test("a wrong password is said in the form, and a key is good until the page is left", async () => {
    const { page } = await openPage(browser, `${server.platform.url}/console/account`);
    await page.getByLabel("Name").fill("developer");
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").getByText("The name or the password is wrong.").waitFor();
    await page.getByRole("button", { name: "API key" }).click();
    await page.getByLabel("API key", { exact: true }).fill(server.key);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "Account" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Log in to llm-platform" }).waitFor();
  });

  test("a login that is over is renewed over the page, and what was typed stays", async () => {
    const { page } = await server.openAs(browser, "operator", { path: "/account" });
    await page.getByLabel("Password now").fill("something that I typed");
    // From the outside, as an admin who ends all logins of the user does.
    const headers = { authorization: `Bearer ${server.key}`, "content-type": "application/json" };
    const users = await fetch(`${server.platform.url}/api/v1/users?limit=100`, { headers });
    const id = /"id":"([^"]+)","name":"operator"/.exec(await users.text())?.[1] ?? "";
    const body = JSON.stringify({ password: "correct horse battery staple" });
    await fetch(`${server.platform.url}/api/v1/users/${id}/password`, { method: "PUT", headers, body });
    await page.getByLabel("New password").fill("a new and long password");
    await page.getByRole("button", { name: "Change the password" }).click();
    const dialog = page.getByRole("dialog", { name: "Your login is over" });
    await dialog.waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await takePictures(page, "login-again");
    await dialog.getByLabel("Password", { exact: true }).fill("correct horse battery staple");
    await dialog.getByRole("button", { name: "Log in" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(await page.getByLabel("Password now").inputValue()).toBe("something that I typed");
  });

  test("an address that no page has says so", async () => {
    const { page, complaints } = await server.openAs(browser, "viewer", { path: "/nowhere" });
    await page.getByRole("heading", { name: "There is no such page" }).waitFor();
    expect(complaints).toEqual([]);
  });
});

describe.skipIf(chromiumPath === undefined)("a new server", browserTest, () => {
  let browser: Browser;
  let platform: Platform;

  beforeAll(async () => {
    browser = await launchBrowser();
    platform = await startPlatform({ config: { environment: "production" } });
  });
  afterAll(async () => {
    await platform?.stop();
    await browser?.close();
  });

  test("is claimed with the token that it printed", async () => {
    const line = await platform.logLine(/--token llmps_/);
    const token = /llmps_[\w-]+/.exec(line)?.[0] ?? "";
    const { page, complaints } = await openPage(browser, `http://127.0.0.1:${platform.port}/`);
    await page.getByRole("heading", { name: "Make this server yours" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "claim")).toEqual([]);
    await page.getByLabel("Set-up token").fill(token);
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill("a password that is long");
    await page.getByRole("button", { name: "Become the admin" }).click();
    await page.getByRole("navigation").waitFor({ state: "attached" });
    expect(complaints).toEqual([]);
  });
});
