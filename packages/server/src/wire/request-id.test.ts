import { expect, test } from "vitest";
import { newRequestId } from "./request-id.ts";

test("ids are random UUIDs of version 4, each its own", () => {
  const ids = Array.from({ length: 1_000 }, newRequestId);
  for (const id of ids)
    expect(id).toMatch(/^req_[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(new Set(ids).size).toBe(ids.length);
});

test("every digit that may vary does", () => {
  const ids = Array.from({ length: 2_000 }, newRequestId);
  const seen = Array.from({ length: 40 }, (_, at) => new Set(ids.map((id) => id[at])).size);
  const fixed = new Set([0, 1, 2, 3, 12, 17, 18, 22, 27]);
  for (const [at, count] of seen.entries())
    expect(count, `at ${at}`).toBe(fixed.has(at) ? 1 : at === 23 ? 4 : 16);
});
