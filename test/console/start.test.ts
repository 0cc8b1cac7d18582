import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";
import { browserTest, chromiumPath, type ConsolePage, launchBrowser, openPage } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const run = promisify(execFile);

describe.skipIf(chromiumPath === undefined)("the first steps on a new server", browserTest, () => {
  let browser: Browser;
  let platform: Platform;
  let opened: ConsolePage;

  beforeAll(async () => {
    browser = await launchBrowser();
    platform = await startPlatform({
      config: { environment: "production", integrations: [{ name: "local", settings: {} }] },
    });
    opened = await openPage(browser, `${platform.url}/`);
  }, browserTest.timeout);
  afterAll(async () => {
    await platform?.stop();
    await browser?.close();
  });

  test("lead from an empty data folder to a streamed answer in at most five clicks", async () => {
    const { page, complaints } = opened;
    const clicks = { count: 0 };
    const click = async (name: string, role: "button" | "link" = "button") => {
      clicks.count++;
      await page.getByRole(role, { name }).click();
    };
    const line = await platform.logLine(/--token llmps_/);
    await page.getByLabel("Set-up token").fill(/llmps_[\w-]+/.exec(line)?.[0] ?? "");
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill("a password that is long");
    await click("Become the admin");
    await click("First steps", "link");
    await page.getByRole("button", { name: "Try local/demo-chat" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "start")).toEqual([]);
    await page.getByRole("button", { name: "Look on this machine" }).focus();
    await page.keyboard.press("Enter");
    // Other servers may run where the test does.
    const found = page.getByRole("region", { name: "2. What was found" });
    await expect.poll(() => found.innerText(), { timeout: 20_000 }).toMatch(/Nothing else answers|http:/);
    await click("Try local/demo-chat");
    const answer = page.locator("blockquote");
    // The model is brought into memory first.
    await answer.getByText("OLLAMA_BASE_URL", { exact: false }).waitFor({ timeout: 90_000 });
    await expect.poll(() => answer.getAttribute("aria-busy")).toBe("false");
    expect(clicks.count).toBeLessThanOrEqual(5);
    expect(complaints).toEqual([]);
  });

  test("the program that is copied works as it is, and its call is seen to arrive", async () => {
    const { page, context, complaints } = opened;
    await page.getByRole("button", { name: "Make a key and fill it in" }).click();
    await page.getByText("The key is filled in.", { exact: false }).waitFor();
    const rows = page.getByLabel("Calls of models").locator("tbody tr");
    // The call of before may be told a moment after its end.
    await rows.first().waitFor();
    const before = await rows.count();
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy the program" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const program: string = await page.evaluate("navigator.clipboard.readText()");
    const { stdout } = await run("sh", ["-c", program]);
    expect(JSON.parse(stdout)).toMatchObject({ object: "chat.completion" });
    await expect.poll(() => rows.count(), { timeout: 10_000 }).toBe(before + 1);
    await rows.first().getByText("ok", { exact: true }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "start-called")).toEqual([]);
    await page
      .getByRole("region", { name: "3. Call it from a program" })
      .getByLabel("Language")
      .selectOption("python");
    await page.getByText("from openai import OpenAI", { exact: false }).waitFor();
    // What is shown once is gone with the page.
    await page.reload();
    await page.getByText("YOUR_KEY", { exact: false }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("the list tells what is missing, and is put away", async () => {
    const { page } = opened;
    await page.getByRole("heading", { name: "Before others rely on it: 1 of 6" }).waitFor();
    await page.getByRole("button", { name: "Hide the list" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("A second admin").waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("button", { name: "Show the list of what a server needs" }).click();
    await page.getByText("A second admin").waitFor();
  });
});

describe.skipIf(chromiumPath === undefined)("the first steps of others", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startConsoleServer({ integrations: [] });
  }, browserTest.timeout);
  afterAll(async () => {
    await server?.stop();
    await browser?.close();
  });

  test("a viewer makes no key, and is told when there is nothing to ask", async () => {
    const { page, complaints } = await server.openAs(browser, "viewer", { path: "/start" });
    await page.getByRole("heading", { name: "No model to talk to yet" }).waitFor();
    await page.getByRole("heading", { name: "No platform of models" }).waitFor();
    expect(await page.getByRole("button", { name: "Make a key and fill it in" }).count()).toBe(0);
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "start-none")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("a server that refuses is said in its own words", async () => {
    const { page } = await server.openAs(browser, "operator", { path: "/account" });
    await page.route("**/integrations/", (route) =>
      route.fulfill({
        status: 503,
        contentType: "application/problem+json",
        body: JSON.stringify({ detail: "No answer <img src=x>", code: "unavailable" }),
      }),
    );
    await page.getByRole("link", { name: "First steps" }).click();
    await page.getByRole("alert").getByText("No answer <img src=x>").waitFor();
    await page.unroute("**/integrations/");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "No platform of models" }).waitFor();
  });
});
