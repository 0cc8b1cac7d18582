import { expect, test } from "vitest";
import { toBucketRange, type RangeQuestion } from "./usage-range.ts";

const nowMs = Date.parse("2026-03-10T12:34:56Z");
const surroundings = {
  nowMs,
  keptFromMs: (resolution: "minute" | "hour" | "day") =>
    ({
      minute: Date.parse("2026-03-08T12:34:00Z"),
      hour: Date.parse("2025-12-10T12:00:00Z"),
      day: 0,
    })[resolution],
};
const at = (text: string) => Date.parse(text);

test.each<[RangeQuestion, string, string, string]>([
  [{}, "day", "2026-02-08T00:00:00Z", "2026-03-11T00:00:00Z"],
  [{ range: "24h" }, "hour", "2026-03-09T12:00:00Z", "2026-03-10T13:00:00Z"],
  [{ range: "90d", bucket: "day" }, "day", "2025-12-10T00:00:00Z", "2026-03-11T00:00:00Z"],
  [{ range: "24h", bucket: "minute" }, "minute", "2026-03-09T12:34:00Z", "2026-03-10T12:35:00Z"],
  [
    { fromMs: at("2026-03-01T05:00:00Z"), untilMs: at("2026-03-02T00:00:00Z"), bucket: "day" },
    "day",
    "2026-03-01T00:00:00Z",
    "2026-03-02T00:00:00Z",
  ],
  [
    { fromMs: at("2020-01-01T00:00:00Z"), untilMs: at("2020-01-01T02:00:00Z") },
    "day",
    "2020-01-01T00:00:00Z",
    "2020-01-02T00:00:00Z",
  ],
])("%j is whole buckets by %s from %s until %s", (question, resolution, from, until) => {
  expect(toBucketRange(question, surroundings)).toEqual({
    resolution,
    fromMs: at(from),
    untilMs: at(until),
  });
});

test.each<[RangeQuestion, string]>([
  [{ untilMs: nowMs }, "from"],
  [{ range: "7d", fromMs: 1 }, "range"],
  [{ fromMs: nowMs, untilMs: nowMs }, "from"],
  [{ range: "7d", bucket: "minute" }, "bucket"],
  [{ fromMs: 0, bucket: "day" }, "bucket"],
])("%j is refused by its field %s", (question, field) => {
  expect(() => toBucketRange(question, surroundings)).toThrow(
    expect.objectContaining({ code: "invalid_request", field }),
  );
});
