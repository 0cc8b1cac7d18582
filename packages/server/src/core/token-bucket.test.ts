import { expect, test } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

function takeAll(bucket: TokenBucket, nowMs: number): number {
  let taken = 0;
  while (bucket.take(nowMs)) taken++;
  return taken;
}

test("lets so much through at once, and so much a second from then on", () => {
  const bucket = new TokenBucket({ burst: 10, perSecond: 4 });
  expect(takeAll(bucket, 0)).toBe(10);
  expect(takeAll(bucket, 249)).toBe(0);
  expect(takeAll(bucket, 250)).toBe(1);
  expect(takeAll(bucket, 1_250)).toBe(4);
});

test("holds no more than it did at first, however long it rests", () => {
  const bucket = new TokenBucket({ burst: 10, perSecond: 4 });
  expect(takeAll(bucket, 0)).toBe(10);
  bucket.add(100);
  expect(takeAll(bucket, 1)).toBe(10);
  expect(takeAll(bucket, 1_000_000)).toBe(10);
});

test("gives out what was given back, and no more", () => {
  const bucket = new TokenBucket({ burst: 10, perSecond: 4 });
  expect(takeAll(bucket, 0)).toBe(10);
  bucket.add(2);
  expect(takeAll(bucket, 0)).toBe(2);
});
