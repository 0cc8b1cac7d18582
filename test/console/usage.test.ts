import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ask, at, chatBody } from "../e2e/http.ts";
import { openAiIntegration } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const unpriced = "model-without-a-price";
const calls = 40;
const money = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumFractionDigits: 6 });

describe.skipIf(chromiumPath === undefined)("the page of usage and cost", browserTest, () => {
  let browser: Browser;
  let upstream: FakeUpstream;
  let server: ConsoleServer;
  const api = (path: string, asking: { readonly method?: string; readonly body?: unknown } = {}) =>
    ask(server.platform, path, { ...asking, headers: { authorization: `Bearer ${server.key}` } });

  beforeAll(async () => {
    browser = await launchBrowser();
    upstream = await createFakeUpstream({ dialect: "openai", models: ["tiny-chat", "dear-chat", unpriced] });
    server = await startConsoleServer({
      integrations: [openAiIntegration("fake", upstream.origin)],
      prices: ["tiny-chat", "dear-chat"].map((model, place) => ({
        model,
        input_per_million: 2_000 + 30_000 * place,
        output_per_million: 8_000,
        currency: "USD",
      })),
    });
  });
  afterAll(async () => {
    await server?.stop();
    await upstream?.stop();
    await browser?.close();
  });

  test("says what to do while nothing was used and no budget is there", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/usage" });
    await page.getByRole("heading", { name: "Nothing was used in this time" }).first().waitFor();
    await page.getByRole("heading", { name: "No budget yet" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("a budget is made, changed and deleted by keyboard", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/usage" });
    await page.getByRole("button", { name: "New budget" }).press("Enter");
    await page.getByRole("dialog").waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.type("All of us");
    await page.getByLabel("Amount in USD").fill("2.5");
    await page.getByLabel("Amount in USD").press("Enter");
    await page.getByText("All of us is saved", { exact: false }).waitFor();
    await page.getByRole("heading", { name: "All of us" }).waitFor();
    const made = await api("/api/v1/budgets");
    expect(at(made.json, "budgets", "0", "amount_micros")).toBe(2_500_000);

    await page.getByRole("button", { name: "Edit All of us" }).press("Enter");
    await page.getByLabel("Amount in USD").fill("5");
    await page.getByRole("button", { name: "Save" }).press("Enter");
    await page.getByText("of $5.00 spent", { exact: false }).waitFor();
    await page.getByRole("dialog").waitFor({ state: "detached" });

    await page.getByRole("button", { name: "Delete All of us" }).press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).press("Enter");
    await page.getByRole("heading", { name: "No budget yet" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("shows the figures of the API, of GraphQL and of the ledger, after many calls at once", async () => {
    await api("/api/v1/budgets", {
      body: { name: "Everybody", scope: "global", period: "month", amount_micros: 3_000_000, action: "warn" },
    });
    await makeCalls(server, calls);
    const rows = await server.platform.ledgerRows({ count: calls });
    const sums = await summed(server, calls);
    const cost = Number(at(sums, "usage", "0", "costs", "0", "cost_micros"));
    const input = rows.reduce((total, { inputTokens }) => total + (inputTokens ?? 0), 0);
    expect(at(sums, "usage", "0", "input_tokens")).toBe(input);
    const query = "{ usage { usage { inputTokens costs { costMicros } } } }";
    const asked = await api("/graphql", { body: { query } });
    expect(at(asked.json, "data", "usage", "usage"), asked.text).toEqual([
      { inputTokens: input, costs: [{ costMicros: cost }] },
    ]);

    const { page, complaints } = await server.openAs(browser, "admin", { path: "/usage" });
    const totals = page.getByRole("region", { name: "All together" });
    await totals.getByText(money.format(cost / 1e6), { exact: true }).waitFor();
    await totals.getByText(String(input), { exact: true }).waitFor();
    await page.getByText(unpriced, { exact: false }).first().waitFor();
    await page.getByText("model used tokens whose price is not known", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Show its course" }).click();
    await page.getByRole("figure", { name: "Course of Everybody" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "usage")).toEqual([]);

    await page.getByLabel("By", { exact: true }).selectOption("key");
    await page.getByRole("cell", { name: "root" }).waitFor();
    await page.getByLabel("By", { exact: true }).selectOption("team");
    await page.getByRole("cell", { name: "(of no team)" }).waitFor();
    await page.getByRole("button", { name: "Show as a table" }).first().click();
    expect(await sumOfColumn(page)).toBeCloseTo(cost / 1e6, 6);
    expect(await savedLines(page)).toBe(calls + 1);
    expect(complaints).toEqual([]);
  });

  test("chosen days before all use are empty, and days in the wrong order are refused", async () => {
    const { page } = await server.openAs(browser, "admin", { path: "/usage" });
    await page.getByLabel("Chosen days").press("Space");
    await page.getByLabel("First day").fill("2026-01-10");
    await page.getByLabel("Last day").fill("2026-01-02");
    await page.getByText("Choose a first day", { exact: false }).waitFor();
    expect(await page.getByRole("button", { name: "Export as CSV" }).isDisabled()).toBe(true);
  });

  test("shows a viewer budgets without a way to change them, and a developer no page at all", async () => {
    const viewer = await server.openAs(browser, "viewer", { path: "/usage" });
    await viewer.page.getByRole("heading", { name: "Everybody" }).waitFor();
    expect(await viewer.page.getByRole("button", { name: /budget|Edit|Delete/ }).count()).toBe(0);
    expect(await viewer.page.getByLabel("By", { exact: true }).getByRole("option").allTextContents()).toEqual(
      ["Model", "Key", "Integration"],
    );
    expect(viewer.complaints).toEqual([]);
    const developer = await server.openAs(browser, "developer", { path: "/usage" });
    await developer.page.getByRole("heading", { name: "This page is not for your role" }).waitFor();
  });

  test("names what went wrong, and tries again", async () => {
    const { page } = await server.openAs(browser, "admin", { path: "/account" });
    await page.route("**/api/v1/usage?*", (route) =>
      route.fulfill({
        status: 503,
        json: { error: { message: "<b>The ledger rests.</b>", code: "unavailable" } },
      }),
    );
    await page.getByRole("link", { name: "Usage and cost" }).click();
    await page.getByRole("button", { name: "Try again" }).first().waitFor({ timeout: 60_000 });
    expect(await page.locator("b").count()).toBe(0);
    await page.unroute("**/api/v1/usage?*");
    await page.getByRole("button", { name: "Try again" }).first().click();
    await page.getByRole("region", { name: "All together" }).waitFor();
  });
});

async function makeCalls(server: ConsoleServer, count: number): Promise<void> {
  const headers = { authorization: `Bearer ${server.key}` };
  const models = ["tiny-chat", "dear-chat", "tiny-chat", unpriced];
  const answers = await Promise.all(
    Array.from({ length: count }, (_call, at) =>
      ask(server.platform, "/v1/chat/completions", {
        headers,
        body: chatBody(`fake/${models[at % models.length]}`),
      }),
    ),
  );
  expect(answers.filter(({ status }) => status !== 200).map(({ text }) => text)).toEqual([]);
}

/** The sums of the API, once all calls are in them. */
function summed(server: ConsoleServer, count: number): Promise<unknown> {
  return vi.waitFor(
    async () => {
      const headers = { authorization: `Bearer ${server.key}` };
      const { json } = await ask(server.platform, "/api/v1/usage?range=30d", { headers });
      expect(at(json, "usage", "0", "calls")).toBe(count);
      return json;
    },
    { timeout: 30_000 },
  );
}

/** What the second column and those after it come to, in the first table of a plot. */
async function sumOfColumn(page: Page): Promise<number> {
  const cells = await page.getByRole("figure").first().getByRole("cell").allTextContents();
  return cells
    .filter((text) => text.startsWith("$"))
    .reduce((total, text) => total + Number(text.replace(/[$,]/g, "")), 0);
}

async function savedLines(page: Page): Promise<number> {
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export as CSV" }).click();
  const text = await readFile(await (await saving).path(), "utf8");
  return text.trim().split("\n").length;
}
