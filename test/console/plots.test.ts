import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createFormats } from "../../packages/console/src/text/formats.ts";
import { ask } from "../e2e/http.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { byKeyboard } from "./keyboard.ts";
import { findBarriers } from "./looks.ts";

const percentiles = z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable();
const historySchema = z.object({
  source: z.string(),
  first_content_bounds_ms: z.array(z.number()),
  points: z.array(
    z.object({
      calls: z.number(),
      failed: z.number(),
      errors: z.record(z.string(), z.number()),
      input_tokens: z.number(),
      output_tokens: z.number(),
      duration_ms: percentiles,
      first_content_ms: percentiles,
      first_content_counts: z.array(z.number()).nullable(),
    }),
  ),
});
const sumsSchema = z.object({
  usage: z.array(z.object({ calls: z.number(), costs: z.array(z.object({ cost_micros: z.number() })) })),
});
const loadedSchema = z.object({
  models: z.array(z.object({ id: z.string(), memory_bytes: z.number().nullable() })),
});

const formats = createFormats("en");
const streams = 6;
const refusals = 3;

describe.skipIf(chromiumPath === undefined)("plots", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;
  const get = async (path: string) =>
    (await ask(server.platform, path, { headers: { authorization: `Bearer ${server.key}` } })).json;

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startConsoleServer({
      prices: [{ model: "*", input_per_million: 200_000, output_per_million: 800_000, currency: "USD" }],
    });
    const { upstream, platform, key } = server;
    const headers = { authorization: `Bearer ${key}` };
    const body = { model: "fake/tiny-chat", messages: [{ role: "user", content: "one two three" }] };
    const call = (stream: boolean) =>
      ask(platform, "/v1/chat/completions", { headers, body: { ...body, stream } });
    for (let at = 0; at < streams; at++) await call(true);
    await call(false);
    upstream.script(Array.from({ length: refusals }, () => ({ kind: "status", status: 400 }) as const));
    for (let at = 0; at < refusals; at++) await call(false);
    await platform.ledgerRows({ count: streams + 1 + refusals });
  });
  afterAll(async () => {
    await server?.stop();
    await browser?.close();
  });

  test("of the last hour have the numbers of the API", async () => {
    const { page, complaints } = await server.openAs(browser, "admin");
    await page.getByRole("figure", { name: "Streams by time to first content" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    const history = historySchema.parse(
      await get(`/api/v1/usage/history?bucket=minute&from=${new Date(Date.now() - 3_540_000).toISOString()}`),
    );
    const { points, first_content_bounds_ms: bounds } = history;
    const sum = (pick: (point: (typeof points)[number]) => number) =>
      points.reduce((total, point) => total + pick(point), 0);

    const traffic = await tableOf(page, "Traffic");
    expect(sumOf(traffic, "Calls a minute")).toBe(sum(({ calls }) => calls));
    expect(sumOf(traffic, "Bad requests")).toBe(sum(({ errors }) => errors["request"] ?? 0));
    expect(traffic.titles).not.toContain("Timed out");

    const times = await tableOf(page, "Time of a call");
    for (const share of ["p50", "p95", "p99"] as const)
      expect(said(times, share)).toEqual(
        points.flatMap(({ duration_ms }) =>
          duration_ms === null ? [] : formats.duration(duration_ms[share]),
        ),
      );
    expect(said(times, "First content, p95")).toEqual(
      points.flatMap(({ first_content_ms: of }) => (of === null ? [] : formats.duration(of.p95))),
    );

    const tokens = await tableOf(page, "Tokens");
    // Shown with one digit behind the point, minute by minute.
    expect(sumOf(tokens, "In, a second") * 60).toBeCloseTo(
      sum((point) => point.input_tokens),
      -1,
    );

    const map = await tableOf(page, "Streams by time to first content");
    const counts = [...bounds, Infinity].map((_bound, at) =>
      sum(({ first_content_counts }) => first_content_counts?.[at] ?? 0),
    );
    expect(counts.reduce((total, count) => total + count, 0)).toBe(streams);
    for (const [at, count] of counts.entries()) {
      const title = `< ${formats.duration(bounds[at])}`;
      if (count > 0) expect(sumOf(map, title), title).toBe(count);
    }
    expect(complaints).toEqual([]);
  });

  test("of days show each day of a year with the calls and the cost that the API tells", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/usage" });
    const name = "Day by day, 53 weeks";
    await page.getByRole("figure", { name }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    const { usage } = sumsSchema.parse(await get("/api/v1/usage?bucket=day&range=90d"));
    const calls = await tableOf(page, name);
    expect(calls.rows).toHaveLength(53);
    expect(calls.titles).toHaveLength(8);
    const numbers = calls.rows.flatMap((row) => row.slice(1)).map(Number);
    expect(numbers.reduce((total, value) => total + (Number.isNaN(value) ? 0 : value), 0)).toBe(
      usage.reduce((total, day) => total + day.calls, 0),
    );
    const keyboard = byKeyboard(page);
    await keyboard.choose(page.getByRole("region", { name }).getByLabel("Shown"), "Cost");
    const micros = usage
      .flatMap(({ costs }) => costs)
      .reduce((total, { cost_micros }) => total + cost_micros, 0);
    await expect
      .poll(async () => {
        const cost = await tableOf(page, name);
        const amounts = cost.rows.flatMap((row) => row.slice(1)).map((cell) => Number(cell.replace("$", "")));
        return amounts.reduce((total, value) => total + (Number.isNaN(value) ? 0 : value), 0);
      })
      .toBeCloseTo(micros / 1e6, 2);
    expect(complaints).toEqual([]);
  });
});

describe.skipIf(chromiumPath === undefined)("memory", browserTest, () => {
  test("is shown device by device, with the parts that the API tells", async () => {
    const browser = await launchBrowser();
    const server = await startConsoleServer({ integrations: [{ name: "local", settings: {} }] });
    const headers = { authorization: `Bearer ${server.key}` };
    const loaded = await ask(server.platform, "/api/v1/models/load", {
      headers,
      body: { model: "local/demo-chat" },
    });
    expect(loaded.status, loaded.text).toBe(200);
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/models" });
    await page.getByRole("figure", { name: "Memory" }).getByText("local/demo-chat").waitFor();
    expect(await findBarriers(page)).toEqual([]);
    const { models } = loadedSchema.parse(
      (await ask(server.platform, "/api/v1/models/loaded", { headers })).json,
    );
    await byKeyboard(page).press(
      page.getByRole("figure", { name: "Memory" }).getByRole("button", { name: "Show as a table" }),
    );
    const { rows } = await tableOf(page, "Memory");
    expect(rows.map((row) => row[0])).toEqual(rows.map(() => "Memory of this machine"));
    expect(rows.map((row) => row[1])).toEqual(["local/demo-chat", "free"]);
    // Measured anew while it is looked at.
    expect(rows[0]?.[2]?.split(" ")[1]).toBe(formats.bytes(models[0]?.memory_bytes).split(" ")[1]);
    expect(complaints).toEqual([]);
    await server.stop();
    await browser.close();
  });
});

interface Table {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What the table beside a plot says; it is shown where it is not yet. */
async function tableOf(page: Page, name: string): Promise<Table> {
  const figure = page.getByRole("figure", { name, exact: true });
  const toTable = figure.getByRole("button", { name: "Show as a table" });
  if ((await toTable.count()) > 0) await toTable.press("Enter");
  await figure.getByRole("table").waitFor();
  const titles = await figure.getByRole("columnheader").allTextContents();
  const cells = await figure.locator("tbody :is(th, td)").allTextContents();
  const rows = Array.from({ length: cells.length / titles.length }, (_row, at) =>
    cells.slice(at * titles.length, (at + 1) * titles.length),
  );
  return { titles, rows };
}

/** Cells of a column that say something. */
function said({ titles, rows }: Table, title: string): readonly string[] {
  const at = titles.indexOf(title);
  expect(at, `${title} is among ${titles.join(", ")}`).toBeGreaterThan(0);
  return rows.map((row) => row[at] ?? "").filter((cell) => cell !== "–");
}

function sumOf(table: Table, title: string): number {
  return said(table, title).reduce((total, cell) => total + Number(cell), 0);
}
