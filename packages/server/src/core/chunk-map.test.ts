import fc from "fast-check";
import { expect, it } from "vitest";
import { ChunkMap } from "./chunk-map.ts";

it("gives every byte that is missing to somebody, once, and knows when all are there", () => {
  fc.assert(
    fc.property(
      fc.nat(5_000),
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.nat(60)),
      fc.integer({ min: 1, max: 9 }),
      (size, chunk, noted, most) => {
        const map = new ChunkMap(size, chunk);
        for (const each of noted) map.note(each);
        const bytes = new Uint8Array(size);
        const count = Math.ceil(size / chunk);
        for (const each of noted.filter((number) => number < count))
          bytes.fill(1, each * chunk, (each + 1) * chunk);
        expect(map.completedBytes).toBe(bytes.reduce((sum, byte) => sum + byte, 0));
        for (let run = map.take(most); run !== undefined; run = map.take(most)) {
          expect(run.until - run.from).toBeLessThanOrEqual(most * chunk);
          expect(bytes.slice(run.from, run.until).every((byte) => byte === 0)).toBe(true);
          bytes.fill(1, run.from, run.until);
          for (let at = run.from; at < run.until; at += chunk) map.note(at / chunk);
        }
        expect(bytes.every((byte) => byte === 1)).toBe(true);
        expect([map.isComplete, map.completedBytes, map.prefixBytes]).toEqual([true, size, size]);
      },
    ),
  );
});

it("takes no number that no chunk has", () => {
  const map = new ChunkMap(10, 4);
  for (const chunk of [-1, 3, 4_294_967_295, Number.NaN]) map.note(chunk);
  expect(map.completedBytes).toBe(0);
});
