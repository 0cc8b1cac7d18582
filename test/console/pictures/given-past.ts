import { member } from "../../e2e/http.ts";

/** A past of a day and a year, which no test can wait for: it takes the place of what the server tells of its own. */
export function givenPast(url: URL, answer: unknown, nowMs: number): unknown {
  if (typeof answer !== "object" || answer === null) return answer;
  if (url.pathname.startsWith("/api/v1/alerts")) return withoutAlerts(answer);
  if (url.pathname === "/api/v1/audit") return withoutLogins(answer);
  if (url.pathname === "/api/v1/system/parts" && "disk" in answer)
    return { ...answer, disk: { ...Object(answer.disk), size_bytes: 500_000_000_000 } };
  const bucket = url.searchParams.get("bucket");
  if (url.pathname === "/api/v1/usage/history") return { ...answer, points: lastHour(nowMs) };
  if (url.pathname !== "/api/v1/usage" || (bucket !== "day" && bucket !== "hour")) return answer;
  const usage: unknown = "usage" in answer ? answer.usage : undefined;
  const from = url.searchParams.get("from");
  const fromMs = from === null ? nowMs - 30 * dayMs : Date.parse(from);
  const stepMs = bucket === "day" ? dayMs : hourMs;
  const firstMs = Math.floor(fromMs / stepMs) * stepMs;
  const rows = Array.isArray(usage) ? oncePerModel(usage) : [];
  const buckets = Array.from(
    { length: Math.floor((nowMs - firstMs) / stepMs) + 1 },
    (_bucket, at) => firstMs + at * stepMs,
  );
  return {
    ...answer,
    from: new Date(firstMs).toISOString(),
    until: new Date(nowMs).toISOString(),
    usage: buckets.flatMap((atMs) => rows.map((row, place) => rowOf(row, atMs, wave(atMs / stepMs, place)))),
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

function rowOf(row: object, atMs: number, height: number): object {
  const calls = Math.round(400 * height ** 2);
  const hasCosts = "costs" in row && Array.isArray(row.costs) && row.costs.length > 0;
  return {
    ...row,
    bucket_start: new Date(atMs).toISOString(),
    calls,
    attempts: calls,
    input_tokens: calls * 420,
    output_tokens: calls * 150,
    costs: hasCosts ? [{ currency: "USD", cost_micros: calls * 9_000 }] : [],
  };
}
