import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createFormats } from "../../packages/console/src/text/formats.ts";
import { ask, at, chatBody } from "../e2e/http.ts";
import { openAiIntegration } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const hostile = "<img src=x onerror=alert(1)>";

describe.skipIf(chromiumPath === undefined)("the page of routing", browserTest, () => {
  let browser: Browser;
  let flaky: FakeUpstream;
  let steady: FakeUpstream;
  let server: ConsoleServer;
  const api = (path: string, asking: { readonly body?: unknown } = {}) =>
    ask(server.platform, path, { ...asking, headers: { authorization: `Bearer ${server.key}` } });
  const call = (model: string) => api("/v1/chat/completions", { body: chatBody(model) });

  beforeAll(async () => {
    browser = await launchBrowser();
    flaky = await createFakeUpstream({ dialect: "openai", models: ["tiny-chat", hostile] });
    steady = await createFakeUpstream({ dialect: "openai" });
    server = await startConsoleServer({
      integrations: [openAiIntegration("flaky", flaky.origin), openAiIntegration("steady", steady.origin)],
      routing: {
        aliases: { quick: "steady/tiny-chat" },
        routes: [
          {
            model: "assistant",
            targets: [
              { model: "flaky/tiny-chat", weight: 3 },
              { model: "steady/tiny-chat", weight: 1 },
            ],
            fallbacks: ["nowhere/big-chat"],
          },
        ],
      },
      limits: { models: { "steady/tiny-chat": { requests_per_minute: 5_000 } } },
      gateway: { max_retries: 0, breaker: { failures: 2, open_seconds: 3_600, max_open_seconds: 3_600 } },
    });
  });
  afterAll(async () => {
    await server?.stop();
    await flaky?.stop();
    await steady?.stop();
    await browser?.close();
  });

  test("shows where each name leads, with the figures of the API, and what makes it", async () => {
    for (let number = 0; number < 5; number++) await call("steady/tiny-chat");
    await server.platform.ledgerRows({ count: 5 });
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/routing" });
    const card = page.getByRole("region", { name: "assistant" });
    await card.getByText("flaky/tiny-chat").waitFor();
    await card.getByText("Weight 3").waitFor();
    await card.getByText("75% of calls go there first now").waitFor();
    await card.getByText("nobody offers it").waitFor();
    await card.getByText("routing.routes").waitFor();
    await card.getByText("5,000 requests a minute", { exact: false }).waitFor();
    const summed = await vi.waitFor(
      async () => {
        const { json } = await api("/api/v1/usage?range=24h&group_by=integration,model");
        expect(at(json, "usage", "0", "attempts")).toBe(5);
        return json;
      },
      { timeout: 60_000 },
    );
    await card.getByText("5 attempts in the last hour").waitFor({ timeout: 60_000 });
    const p95 = Number(at(summed, "usage", "0", "duration_ms", "p95"));
    await card.getByText(`p95 ${createFormats("en").duration(p95)}`).waitFor();
    await page.getByRole("region", { name: "quick" }).getByText("Alias of steady/tiny-chat").waitFor();
    const policy = page.getByRole("region", { name: "Retries and breakers" });
    await policy.getByText("gateway.breaker.open_seconds").waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "routing")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("asked by keyboard, says what would happen to a call, and shows a name of any look as text", async () => {
    const { page, complaints } = await server.openAs(browser, "developer", { path: "/routing" });
    await page.getByRole("combobox", { name: "Model" }).fill("quick");
    await page.keyboard.press("Enter");
    await page.getByText("A call goes to steady/tiny-chat.").waitFor();
    expect(new URL(page.url()).searchParams.get("model")).toBe("quick");
    await page.getByRole("combobox", { name: "Model" }).fill("absent-model");
    await page.getByRole("button", { name: "Show it" }).press("Enter");
    await page.getByText("The model `absent-model` does not exist", { exact: false }).waitFor();

    const models = page.getByRole("region", { name: "Models by their own name" });
    await models.getByRole("button", { name: hostile }).press("Enter");
    const drawer = page.getByRole("dialog", { name: hostile });
    await drawer.getByText(`flaky/${hostile}`).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    expect(await page.locator("img").count()).toBe(0);
    // Who may not read the ledger sees no figures of it.
    expect(await page.getByText("in the last hour").count()).toBe(0);
    expect(complaints.filter((each) => !each.includes("404"))).toEqual([]);
  });

  test("a place that begins to fail is shown as held back without a reload", async () => {
    const { page } = await server.openAs(browser, "viewer", { path: "/routing?model=assistant" });
    const answer = page.getByRole("region", { name: "What would happen?" });
    await answer.getByText("Calls are spread over 2 places", { exact: false }).waitFor();
    flaky.always({ kind: "status", status: 500 });
    await vi.waitFor(
      async () => {
        await call("flaky/tiny-chat");
        const { json } = await api("/api/v1/routes/explain?model=assistant");
        expect(at(json, "candidates", "0", "breaker")).toBe("open");
      },
      { timeout: 60_000 },
    );
    await answer.getByText("A call goes to steady/tiny-chat.").waitFor({ timeout: 60_000 });
    await answer.getByText("breaker open").waitFor();
    const card = page.getByRole("region", { name: "assistant" });
    await card.getByText("held back").waitFor({ timeout: 60_000 });
    await card.getByText("degraded").waitFor();
    await page.getByText("tried again in", { exact: false }).first().waitFor();
    expect(await takePictures(page, "routing-trouble")).toEqual([]);
  });

  test("names what went wrong, and tries again", async () => {
    const { page } = await server.openAs(browser, "viewer", { path: "/account" });
    await page.route("**/api/v1/routes", (route) =>
      route.fulfill({
        status: 503,
        json: { error: { message: "<b>The table rests.</b>", code: "unavailable" } },
      }),
    );
    await page.getByRole("link", { name: "Routing" }).click();
    await page.getByRole("button", { name: "Try again" }).first().waitFor();
    expect(await page.locator("b").count()).toBe(0);
    await page.unroute("**/api/v1/routes");
    await page.getByRole("button", { name: "Try again" }).first().click();
    await page.getByRole("region", { name: "assistant" }).waitFor();
  });
});

test.skipIf(chromiumPath === undefined)(
  "without a route and an alias, routing says what one would be for",
  async () => {
    const browser = await launchBrowser();
    const server = await startConsoleServer();
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/routing" });
    await page.getByRole("heading", { name: "There is no route and no alias" }).waitFor();
    await page.getByRole("button", { name: "tiny-chat" }).first().waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await server.stop();
    await browser.close();
  },
  120_000,
);
