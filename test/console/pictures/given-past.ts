import { member } from "../../e2e/http.ts";

/** A past of a day and a year, which no test can wait for: it takes the place of what the server tells of its own. */
export function givenPast(url: URL, answer: unknown, nowMs: number): unknown {
  if (typeof answer !== "object" || answer === null) return answer;
  if (url.pathname.startsWith("/api/v1/alerts")) return withoutAlerts(answer);
  if (url.pathname === "/api/v1/audit") return withoutLogins(answer);
  if (url.pathname === "/api/v1/system/parts" && "disk" in answer)
    return { ...answer, disk: { ...Object(answer.disk), size_bytes: 500_000_000_000 } };
  if (url.pathname === "/api/v1/budgets") return withSpending(answer, nowMs);
  if (url.pathname === "/api/v1/usage/history") return { ...answer, points: lastHour(nowMs) };
  return url.pathname === "/api/v1/usage" ? withUsage(url, answer, nowMs) : answer;
}

/** What was used, by buckets of time or all together; the last hours alone are as they were. */
function withUsage({ searchParams }: URL, answer: object, nowMs: number): object {
  const bucket = searchParams.get("bucket");
  const range = searchParams.get("range");
  const from = searchParams.get("from");
  const fromMs =
    from === null ? nowMs - (range === null ? 30 : Number.parseInt(range, 10)) * dayMs : Date.parse(from);
  const isOfHours = bucket === "hour";
  const isGroupedOtherwise = (searchParams.get("group_by") ?? "model") !== "model";
  if (isGroupedOtherwise || (!isOfHours && nowMs - fromMs < 2 * hourMs)) return answer;
  const stepMs = isOfHours ? hourMs : dayMs;
  const firstMs = Math.floor(fromMs / stepMs) * stepMs;
  const usage: unknown = "usage" in answer ? answer.usage : undefined;
  const rows = Array.isArray(usage) ? oncePerModel(usage) : [];
  const buckets = Array.from(
    { length: Math.floor((nowMs - firstMs) / stepMs) + 1 },
    (_bucket, at) => firstMs + at * stepMs,
  );
  const isApart = isOfHours || bucket === "day";
  return {
    ...answer,
    from: new Date(firstMs).toISOString(),
    until: new Date(nowMs).toISOString(),
    usage: isApart
      ? buckets.flatMap((atMs) =>
          rows.map((row) => ({
            ...rowOf(row, callsIn(row, atMs / stepMs)),
            bucket_start: new Date(atMs).toISOString(),
          })),
        )
      : rows.map((row) => rowOf(row, sum(buckets.map((atMs) => callsIn(row, atMs / stepMs))))),
  };
}

/** As much as the plots come to. */
function withSpending(answer: object, nowMs: number): object {
  if (!("budgets" in answer) || !Array.isArray(answer.budgets)) return answer;
  const budgets: readonly unknown[] = answer.budgets;
  const today = Math.floor(nowMs / dayMs);
  const calls = Array.from({ length: 31 }, (_day, ago) => callsIn({}, today - ago));
  const spent = sum(calls) * callMicros;
  return {
    ...answer,
    budgets: budgets.map((budget) => ({
      ...Object(budget),
      spent_micros: spent,
      remaining_micros: Number(member(budget, "amount_micros")) - spent,
    })),
  };
}

/** Whether the machine of the test is so busy that the platform sounds an alarm for it is no matter of looks. */
function withoutAlerts(answer: object): object {
  if ("alerts" in answer) return { ...answer, alerts: [] };
  if (!("rules" in answer) || !Array.isArray(answer.rules)) return answer;
  const rules: readonly unknown[] = answer.rules;
  return {
    ...answer,
    rules: rules.map((rule) =>
      typeof rule === "object" &&
      rule !== null &&
      "state" in rule &&
      /pending|firing/.test(String(rule.state))
        ? { ...rule, state: "inactive", active: [] }
        : rule,
    ),
  };
}

/** How often the test logged in before, or its live connection was made anew, depends on the machine. */
function withoutLogins(answer: object): object {
  if (!("records" in answer) || !Array.isArray(answer.records)) return answer;
  const records: readonly unknown[] = answer.records;
  const isLogin = (record: unknown) => String(member(record, "operation")).startsWith("auth.");
  return { ...answer, records: records.filter((record) => !isLogin(record)) };
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const minuteMs = 60_000;
const errors = { cancelled: 0, request: 0, rate_limited: 0, timeout: 0, upstream: 0, interrupted: 0 };

/** From 0 to 1, up and down by weeks and by hours. */
function wave(at: number, place: number): number {
  return (2 + Math.sin((at / 7) * 2 * Math.PI + place) + Math.sin(at * 1.7 + place)) / 4;
}

function lastHour(nowMs: number) {
  const firstMs = Math.floor(nowMs / minuteMs) * minuteMs - 59 * minuteMs;
  return Array.from({ length: 60 }, (_minute, at) => {
    const height = wave(at / 3, 0);
    const calls = Math.round(40 + 90 * height);
    const failed = at % 17 === 3 ? 6 : 0;
    return {
      bucket_start: new Date(firstMs + at * minuteMs).toISOString(),
      calls,
      failed: failed + (at % 11 === 0 ? 2 : 0),
      errors: { ...errors, upstream: failed, rate_limited: at % 11 === 0 ? 2 : 0 },
      input_tokens: calls * 420,
      output_tokens: calls * 150,
      costs: [{ currency: "USD", cost_micros: calls * 900 }],
      duration_ms: { p50: 700 + 200 * height, p95: 1_900 + 600 * height, p99: 3_200 + 2_500 * height },
      first_content_ms: { p50: 120, p95: 300 + 200 * height, p99: 700 },
      first_content_counts: Array.from({ length: 19 }, (_count, bin) =>
        Math.round(calls * 0.4 * Math.exp(-((bin - 7.5 - height) ** 2) / 3)),
      ),
    };
  });
}

function oncePerModel(rows: readonly unknown[]): readonly object[] {
  const found = new Map<string, object>();
  for (const row of rows)
    if (typeof row === "object" && row !== null) found.set("model" in row ? String(row.model) : "", row);
  return [...found.values()];
}

const usedModels = ["large-chat", "small-chat", "coder"];
const callMicros = 9_000;

/** Of the row's model, or of all of them. @param at bucket, counted from 1970 */
function callsIn(row: object, at: number): number {
  const place = usedModels.indexOf("model" in row ? String(row.model) : "");
  const places = place < 0 ? usedModels.map((_model, at) => at) : [place];
  return sum(places.map((each) => Math.round(400 * wave(at, each) ** 2)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function rowOf(row: object, calls: number): object {
  return {
    ...row,
    calls,
    attempts: calls,
    input_tokens: calls * 420,
    output_tokens: calls * 150,
    costs: [{ currency: "USD", cost_micros: calls * callMicros }],
  };
}
