import type { Page, Route } from "playwright-core";
import { member } from "../../e2e/http.ts";
import { givenPast } from "./given-past.ts";
import type { AnswerCount } from "./take-picture.ts";

/** The time of day that the pages are shown, whenever they are. */
export const shownAtMs = Date.parse("2026-11-20T14:30:00Z");

/** What is measured or made by chance, and would be another number or text each time. */
const measured: Readonly<Record<string, number | string>> = {
  duration_ms: 412,
  first_byte_ms: 96,
  first_content_ms: 96,
  mean: 300,
  p50: 240,
  p95: 480,
  p99: 960,
  uptime_seconds: 93_600,
  memory_bytes: 158_000_000,
  free_memory_bytes: 12_400_000_000,
  memory_total_bytes: 16_000_000_000,
  memory_used_bytes: 4_000_000_000,
  rss_bytes: 210_000_000,
  heap_used_bytes: 88_000_000,
  latency_ms: 12,
  age_seconds: 90,
  answer_ms: 3,
  bytes: 3_800_000,
  ping_ms: 1,
  used_bytes: 210_000_000,
  free_bytes: 180_000_000_000,
  models_bytes: 4_200_000_000,
  store_bytes: 36_000_000,
  // Of keys.
  prefix: "llmp_Ab3dEf9h",
};
const madeId = /^(key|user|team)_[0-9a-f-]{36}$/;
const times = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;
const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** Makes every answer of the server, and what comes over the live connection, the same each time, and counts answers. */
export async function steadyAnswers(page: Page, answers: AnswerCount): Promise<void> {
  await page.clock.setFixedTime(shownAtMs);
  const steady = createSteadier();
  const isAnswer = (url: URL) => /^\/(api|integrations)\b/.test(url.pathname);
  await page.route(isAnswer, async (route) => {
    answers.asked++;
    await giveSteady(route, steady);
    answers.given++;
  });
  await page.routeWebSocket(/\/ws/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      const json = typeof message === "string" ? parsed(message) : undefined;
      socket.send(json === undefined ? message : JSON.stringify(steady(json)));
    });
  });
}

/** Where the page or the server has gone meanwhile, nobody waits for the answer. */
async function giveSteady(route: Route, steady: (value: unknown) => unknown): Promise<void> {
  const gone = () => undefined;
  const url = new URL(route.request().url());
  const response = await route.fetch({ url: toNow(url), timeout: 90_000 }).catch(gone);
  const text = await response?.text().catch(gone);
  if (response === undefined || text === undefined) return route.abort().catch(gone);
  // Tokens are the server's own, and never shown.
  const json = response.ok() && !/\/auth\//.test(url.pathname) ? parsed(text) : undefined;
  if (json === undefined) return route.fulfill({ response, body: text }).catch(gone);
  return route.fulfill({ response, json: givenPast(url, steady(json), shownAtMs) }).catch(gone);
}

/** The same question at the time of the server, which knows no other. */
function toNow(url: URL): string {
  const asked = new URL(url);
  const from = asked.searchParams.get("from");
  if (from !== null)
    asked.searchParams.set("from", new Date(Date.parse(from) - shownAtMs + Date.now()).toISOString());
  return asked.href;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A file, or no body at all.
    return undefined;
  }
}

function createSteadier(): (value: unknown) => unknown {
  const startedMs = Date.now();
  const steady = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return byName(value).map((each) => steady(each, key));
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, steady(each, name)]));
    if (value === null || typeof value === "boolean") return value;
    return measured[key] ?? (typeof value === "string" ? steadyText(value, startedMs) : value);
  };
  return (value) => steady(value, "");
}

/** What is listed by ids made by chance has the order of its names. */
function byName(list: readonly unknown[]): readonly unknown[] {
  const isMade = list.every((each) => madeId.test(String(member(each, "id"))));
  return isMade
    ? list.toSorted((one, other) => String(member(one, "name")).localeCompare(String(member(other, "name"))))
    : list;
}

function steadyText(text: string, startedMs: number): string {
  if (times.test(text)) return steadyTime(Date.parse(text) - startedMs);
  return text
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:8000")
    .replace(/\/tmp\/[\w./-]+/g, "/var/lib/llm-platform");
}

/** What has just happened was a minute ago; what is to come is as many hours or days away as it is. */
function steadyTime(agoMs: number): string {
  const size = Math.abs(agoMs) < dayMs ? hourMs : dayMs;
  const rounded = Math.round(agoMs / size) * size;
  return new Date(shownAtMs + (rounded <= 0 ? rounded - 60_000 : rounded)).toISOString();
}
