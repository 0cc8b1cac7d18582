import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, chat } from "../e2e/http.ts";
import { startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { openAiIntegration } from "../e2e/start-platform.ts";
import { browserTest, chromiumPath, launchBrowser, openPage } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

describe.skipIf(chromiumPath === undefined)("the first page", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startConsoleServer({
      prices: [{ model: "*", input_per_million: 2, output_per_million: 8, currency: "USD" }],
      routing: { aliases: { assistant: "fake/tiny-chat", lost: "nowhere/model" } },
    });
  });
  afterAll(async () => {
    await server?.stop();
    await browser?.close();
  });

  test("shows traffic, spend, changes, and the way from clients to models", async () => {
    const headers = { authorization: `Bearer ${server.key}` };
    const amount = {
      name: "All of us",
      scope: "global",
      period: "month",
      currency: "USD",
      amount_micros: 5_000_000,
    };
    const budget = await ask(server.platform, "/api/v1/budgets", { headers, body: amount });
    expect(budget.status, budget.text).toBe(200);
    for (let call = 0; call < 12; call++)
      await ask(server.platform, "/v1/chat/completions", {
        headers,
        body: { model: "fake/tiny-chat", messages: [{ role: "user", content: "one two three" }] },
      });
    await server.platform.ledgerRows({ count: 12 });
    const { page, complaints } = await server.openAs(browser, "admin");
    await page.getByText("Everything runs", { exact: false }).waitFor();
    await page.getByRole("figure", { name: "Traffic" }).waitFor();
    await page.getByRole("progressbar", { name: "All of us" }).waitFor();
    await page.getByRole("link", { name: "fake: running" }).waitFor();
    await page.getByRole("link", { name: "assistant: ready" }).waitFor();
    await page.getByRole("link", { name: "lost: down" }).waitFor();
    await page.getByText("budgets.create").waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "home")).toEqual([]);
    await page.getByRole("button", { name: "Show as a table" }).first().click();
    await page.getByRole("columnheader", { name: "Calls a minute" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("shows a reader no more than the role allows, and goes to what is left", async () => {
    const viewer = await server.openAs(browser, "viewer");
    await viewer.page.getByRole("region", { name: "Now" }).waitFor();
    expect(await viewer.page.getByText("Last changes").count()).toBe(0);
    expect(viewer.complaints).toEqual([]);
    const developer = await server.openAs(browser, "developer");
    await developer.page.getByRole("heading", { name: "Requests" }).waitFor();
    expect(developer.complaints).toEqual([]);
  });

  test("names what is wrong", async () => {
    const { page } = await server.openAs(browser, "admin");
    await page.getByText("Everything runs", { exact: false }).waitFor();
    const headers = { authorization: `Bearer ${server.key}` };
    const broken = { settings: { base_url: "http://127.0.0.1:1/v1" }, enabled: true };
    await ask(server.platform, "/integrations/fake/config", {
      method: "PUT",
      headers,
      body: { enabled: false },
    });
    await ask(server.platform, "/integrations/fake/config", { method: "PUT", headers, body: broken });
    await page.getByText("needs a look", { exact: false }).waitFor();
    await page.getByRole("link", { name: /^fake: (retrying|degraded|error)/ }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await takePictures(page, "home-trouble");
  });
});

test.skipIf(chromiumPath === undefined)(
  "a server that knows nobody lets everybody on its machine in, and says so",
  async () => {
    const browser = await launchBrowser();
    const upstream = await createFakeUpstream({ dialect: "openai" });
    const platform = await startPlatform({
      config: { integrations: [openAiIntegration("fake", upstream.origin)] },
    });
    await chat(platform, "fake/tiny-chat");
    const { page, complaints } = await openPage(browser, `${platform.url}/`);
    await page.getByText("Everybody on this machine may do everything here", { exact: false }).waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/console/");
    expect(complaints).toEqual([]);
    await platform.stop();
    await upstream.stop();
    await browser.close();
  },
);
