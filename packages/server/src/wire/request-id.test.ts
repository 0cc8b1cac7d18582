import { expect, test } from "vitest";
import { newRequestId } from "./request-id.ts";

test("ids are UUIDs of version 7, each its own", () => {
  const ids = Array.from({ length: 1_000 }, newRequestId);
  for (const id of ids)
    expect(id).toMatch(/^req_[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(new Set(ids).size).toBe(ids.length);
});

test("an id begins with the time at which it was made", () => {
  const beforeMs = Date.now();
  const timeMs = Number.parseInt(newRequestId().slice("req_".length).replaceAll("-", "").slice(0, 12), 16);
  expect(timeMs).toBeGreaterThanOrEqual(beforeMs);
  expect(timeMs).toBeLessThanOrEqual(Date.now());
});

test("every digit behind the time that may vary does", () => {
  const ids = Array.from({ length: 2_000 }, newRequestId);
  const behind = ids.map((id) => id.slice("req_xxxxxxxx-xxxx-".length));
  const seen = Array.from({ length: 22 }, (_, at) => new Set(behind.map((id) => id[at])).size);
  const fixed = new Set([0, 4, 9]);
  for (const [at, count] of seen.entries())
    expect(count, `at ${at}`).toBe(fixed.has(at) ? 1 : at === 5 ? 4 : 16);
});
