import { expect, test } from "vitest";
import { decodeHistory } from "./decode-history.ts";

const minuteMs = 60_000;
const series = (
  metric: Readonly<Record<string, string>>,
  ...values: readonly (readonly [number, string])[]
) => ({
  metric,
  values,
});
const matrix = (...result: readonly unknown[]) => ({
  status: "success",
  data: { resultType: "matrix", result },
});

test("each series is a figure of the bucket that ends at its time", () => {
  const answer = matrix(
    series({ figure: "calls" }, [60, "9.8"], [120, "4"]),
    series({ figure: "failed", error_type: "rate_limited" }, [60, "1.02"]),
    series({ figure: "failed", error_type: "budget_exceeded" }, [60, "2"]),
    series({ figure: "failed", error_type: "upstream_auth" }, [60, "1"]),
    series({ figure: "tokens", type: "input" }, [60, "99.6"]),
    series({ figure: "tokens", type: "output" }, [60, "50"]),
    series({ figure: "cost", currency: "EUR" }, [60, "0.0123456"]),
    series({ figure: "cost", currency: "USD" }, [60, "1"]),
    series({ figure: "first_content_up_to", le: "+Inf" }, [60, "7.1"], [120, "0"]),
    series({ figure: "first_content_up_to", le: "0.5" }, [60, "3.9"], [120, "0"]),
    series({ figure: "first_content_up_to", le: "0.025" }, [60, "1"], [120, "0"]),
    series({ figure: "duration", percentile: "p50" }, [60, "0.25"], [120, "NaN"]),
    series({ figure: "duration", percentile: "p95" }, [60, "0.5"], [120, "NaN"]),
    series({ figure: "duration", percentile: "p99" }, [60, "1.5"], [120, "NaN"]),
  );
  const noErrors = { cancelled: 0, request: 0, rate_limited: 0, timeout: 0, upstream: 0, interrupted: 0 };
  const none = {
    failed: 0,
    errors: noErrors,
    inputTokens: 0,
    outputTokens: 0,
    costMicros: new Map(),
    firstContent: undefined,
    firstContentCounts: undefined,
  };
  const { points, firstContentBoundsMs } = decodeHistory(answer, minuteMs) ?? {};
  expect(firstContentBoundsMs).toEqual([25, 500]);
  expect(points).toEqual([
    {
      timeMs: 0,
      calls: 10,
      failed: 4,
      errors: { ...noErrors, rate_limited: 3, upstream: 1 },
      inputTokens: 100,
      outputTokens: 50,
      costMicros: new Map([
        ["EUR", 12_346],
        ["USD", 1_000_000],
      ]),
      duration: { p50: 250, p95: 500, p99: 1_500 },
      firstContent: undefined,
      firstContentCounts: [1, 3, 3],
    },
    { ...none, timeMs: 60_000, calls: 4, duration: undefined },
  ]);
});

test("a Prometheus that knows nothing has no points", () => {
  expect(decodeHistory(matrix(), minuteMs)).toEqual({ points: [], firstContentBoundsMs: [] });
});

test.each([
  undefined,
  null,
  [],
  "success",
  { status: "error", errorType: "bad_data", error: "parse error" },
  { status: "success", data: { resultType: "vector", result: [] } },
  matrix(series({ figure: "something else" }, [60, "1"])),
  matrix({ metric: { figure: "calls" }, values: [["60", 1]] }),
])("%j is no answer", (json) => {
  expect(decodeHistory(json, minuteMs)).toBeUndefined();
});
