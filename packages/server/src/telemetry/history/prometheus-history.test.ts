import { PlatformError } from "@llm-platform/kit";
import { expect, test } from "vitest";
import { createPrometheusHistory } from "./prometheus-history.ts";

const span = { fromMs: 0, untilMs: 120_000, stepMs: 60_000 };
const { signal } = new AbortController();

function create(answer: () => Promise<{ readonly status: number; readonly text: string }>) {
  const asked: string[] = [];
  const clock = { nowMs: 0 };
  const history = createPrometheusHistory({
    url: "http://prometheus:9090/prefix",
    job: "llm",
    nowMs: () => clock.nowMs,
    ask(url) {
      asked.push(url);
      return answer();
    },
  });
  return { history, asked, clock };
}

test("every bucket is asked for at its end, below the address that is configured", async () => {
  const text = JSON.stringify({ status: "success", data: { resultType: "matrix", result: [] } });
  const { history, asked } = create(async () => ({ status: 200, text }));
  expect(await history.read(span, signal)).toMatchObject({ points: [] });
  const url = new URL(asked[0] ?? "");
  expect(url.pathname).toBe("/prefix/api/v1/query_range");
  expect(url.searchParams.get("start")).toBe("60");
  expect(url.searchParams.get("end")).toBe("120");
  expect(url.searchParams.get("step")).toBe("60");
  expect(url.searchParams.get("query")).toContain('job="llm"');
});

test.each([
  { status: 401, text: "", code: "upstream_auth" },
  { status: 503, text: "", code: "upstream_error" },
  { status: 200, text: "<html>", code: "upstream_malformed" },
])("status $status with $text is $code, and it is asked again the next time", async ({ code, ...answer }) => {
  const { history, asked } = create(async () => answer);
  for (const time of [1, 2]) {
    await expect(history.read(span, signal)).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(time);
  }
});

test("one that is too slow is left alone for fifteen seconds", async () => {
  const { history, asked, clock } = create(() =>
    Promise.reject(new PlatformError("upstream_timeout", "It did not answer within 3 seconds.")),
  );
  const late = { code: "upstream_timeout" };
  await expect(history.read(span, signal)).rejects.toMatchObject(late);
  clock.nowMs = 14_999;
  await expect(history.read(span, signal)).rejects.toMatchObject(late);
  expect(asked).toHaveLength(1);
  clock.nowMs = 15_000;
  await expect(history.read(span, signal)).rejects.toMatchObject(late);
  expect(asked).toHaveLength(2);
});
