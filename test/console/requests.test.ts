import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Answer, ask, chatBody, member } from "../e2e/http.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const hostileModel = `<img src=x onerror="document.title='broken in'">`;

describe.skipIf(chromiumPath === undefined)("the page of requests", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;
  const headers = () => ({ authorization: `Bearer ${server.key}` });
  const call = (model = "both", more: object = {}): Promise<Answer> =>
    ask(server.platform, "/v1/chat/completions", {
      headers: headers(),
      body: { ...chatBody(model), ...more },
    });

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startConsoleServer({
      prices: [{ model: "*", input_per_million: 2_000, output_per_million: 8_000, currency: "USD" }],
      content: { models: ["fake/tiny-chat"] },
      routing: {
        routes: [{ model: "both", targets: [{ model: "fake/tiny-chat", weight: 1 }], fallbacks: ["gone/x"] }],
      },
    });
  });
  afterEach(() => server.upstream.reset());
  afterAll(async () => {
    await server?.stop();
    await browser?.close();
  });

  test("says that there are none yet", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/requests" });
    await page.getByRole("heading", { name: "No model was called yet" }).waitFor();
    await page.getByLabel("Status").selectOption("failed");
    await page.getByRole("heading", { name: "No call fits" }).waitFor();
    expect(new URL(page.url()).search).toBe("?status=failed");
    expect(complaints).toEqual([]);
  });

  test("a failed one is found, by keyboard, and says why", async () => {
    for (let count = 0; count < 5; count++) await call();
    server.upstream.always({ kind: "status", status: 500 });
    const failed = await call();
    expect(failed.status).toBeGreaterThanOrEqual(500);
    await server.upstream.reset();
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/requests" });
    const rows = page.getByRole("row");
    await page.getByText("6 rows").waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "requests")).toEqual([]);
    await page.getByLabel("Status").focus();
    await page.keyboard.type("failed");
    await page.getByText("1 row", { exact: true }).waitFor();
    await rows.nth(1).getByRole("link").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "How it ended" }).waitFor();
    expect(page.url()).toContain(`/console/requests/${failed.requestId}`);
    await page.getByRole("table", { name: "Where the time went" }).waitFor();
    await page.getByRole("heading", { name: /^Attempt 1: fake\/tiny-chat/ }).waitFor();
    await page.getByText("The upstream answered with an error", { exact: false }).first().waitFor();
    const said = page.getByText("What fake says then is told by the log alone").first();
    expect(await said.getByRole("link").getAttribute("href")).toBe("/console/system/log");
    await page.getByText("was asked", { exact: true }).first().waitFor();
    await page.getByText("no integration offers it").first().waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "request-failed")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("shows what the API says, and content to who may read it when they ask", async () => {
    const { requestId } = await call("fake/tiny-chat", { stream: true });
    const content = `/api/v1/usage/records/${requestId}/content`;
    await expect
      .poll(async () => (await ask(server.platform, content, { headers: headers() })).status)
      .toBe(200);
    const { page, complaints } = await server.openAs(browser, "admin", { path: `/requests/${requestId}` });
    await page.getByRole("region", { name: "How it ended" }).waitFor();
    const { json } = await ask(server.platform, `/api/v1/requests/${requestId}`, { headers: headers() });
    const request = member(json, "request");
    const figure = (name: string) =>
      page
        .getByRole("region", { name: "How it ended" })
        .locator("dl > div", { has: page.getByText(name, { exact: true }) })
        .first()
        .locator("dd");
    expect(await figure("Tokens in").textContent()).toBe(String(member(request, "input_tokens")));
    expect(await figure("Tokens out").textContent()).toBe(String(member(request, "output_tokens")));
    const micros =
      Number(member(request, "input_tokens")) * 2_000 + Number(member(request, "output_tokens")) * 8_000;
    expect(await figure("Cost").textContent()).toBe(`$${Number((micros / 1_000_000).toFixed(4))}`);
    await page.getByRole("button", { name: "Read it" }).click();
    await page.getByText("one two three four five", { exact: false }).first().waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "request")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("what ends comes in at the top, and waits in a pause", async () => {
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/requests" });
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByText(/\d+ rows/).waitFor();
    const newest = () => page.getByRole("row").nth(1).getByRole("link").getAttribute("title");
    const first = await call();
    await expect.poll(newest, { timeout: 10_000 }).toBe(first.requestId);
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    const second = await call();
    await page.getByRole("button", { name: "Go on: 1 waits" }).waitFor();
    expect(await newest()).toBe(first.requestId);
    await page.getByRole("button", { name: "Go on: 1 waits" }).click();
    await expect.poll(newest, { timeout: 10_000 }).toBe(second.requestId);
    expect(complaints).toEqual([]);
  });

  test("shows a developer none of others' calls, and no content", async () => {
    const { requestId } = await call();
    const { page } = await server.openAs(browser, "developer", { path: "/requests" });
    await page.getByRole("heading", { name: "No model was called yet" }).waitFor();
    await page.goto(`${server.platform.url}/console/requests/${requestId}`);
    await page.getByRole("heading", { name: "This call is not kept" }).waitFor();
    const viewer = await server.openAs(browser, "operator", { path: `/requests/${requestId}` });
    await viewer.page.getByRole("region", { name: "How it ended" }).waitFor();
    expect(await viewer.page.getByRole("button", { name: "Read it" }).count()).toBe(0);
  });

  test("says so when the server refuses, and goes on when it does not", async () => {
    const { page } = await server.openAs(browser, "admin");
    await page.route("**/api/v1/requests?*", (route) =>
      route.fulfill({ status: 503, json: { error: { message: "Too much to do." } } }),
    );
    await page.getByRole("link", { name: "Requests" }).click();
    await page.getByText("Too much to do.").waitFor({ timeout: 60_000 });
    await page.unroute("**/api/v1/requests?*");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText(/\d+ rows/).waitFor();
  });

  test("thousands of rows are read page by page while one scrolls", async () => {
    const one = (at: number) => ({ ...sample, id: `req_${at}` });
    const { page } = await server.openAs(browser, "admin");
    await page.route("**/api/v1/requests?*", (route) => {
      const from = Number(new URL(route.request().url()).searchParams.get("cursor") ?? 0);
      const next = from + 200;
      return route.fulfill({
        json: {
          requests: Array.from({ length: 200 }, (_one, at) => one(from + at)),
          next_cursor: next < 10_000 ? String(next) : null,
          previous_cursor: null,
          searched_from: null,
        },
      });
    });
    await page.getByRole("link", { name: "Requests" }).click();
    const table = page.getByRole("group", { name: "Requests" });
    await table.waitFor();
    const readOn = async () => {
      await table.focus();
      await page.keyboard.press("End");
      return page.getByText(/^10.?000 rows$/).count();
    };
    await expect.poll(readOn, { timeout: 90_000, interval: 50 }).toBe(1);
    expect(await page.getByRole("row").count()).toBeLessThan(80);
    await expect.poll(() => page.evaluate(isInOrder), atRest).toBe(true);
    // The row that has the focus leaves: no other row has it then.
    await page.getByRole("row").last().getByRole("link").focus();
    await page.evaluate("document.activeElement.closest('[role=group]').scrollTop = 0");
    await expect.poll(() => page.evaluate("document.activeElement.role"), atRest).toBe("group");
    await expect.poll(() => page.evaluate(isInOrder), atRest).toBe(true);
    await page.getByText(hostileModel).first().waitFor();
    expect(await page.title()).not.toBe("broken in");
  });
});

const atRest = { timeout: 60_000, interval: 50 } as const;

// What runs in the page, as text: the types of a browser are not known here.
const isInOrder = `
  [...document.querySelectorAll("tbody [aria-rowindex]")].every((row, at, all) =>
    at === 0 || Number(row.ariaRowIndex) === Number(all[at - 1].ariaRowIndex) + 1)`;

const sample = {
  started_at: "2026-11-26T10:00:00.000Z",
  duration_ms: 12,
  status: "ok",
  outcome: "stop",
  principal: "root",
  operation: "chat",
  requested_model: hostileModel,
  integration: "fake",
  provider: "openai",
  upstream_model: "tiny-chat",
  stream: false,
  attempt_count: 1,
  http_status: 200,
  error_code: null,
  message: null,
  first_byte_ms: 3,
  input_tokens: 1,
  output_tokens: 2,
  costs: [],
  unpriced_attempts: 0,
  replica: null,
};
