import { expect, it } from "vitest";
import { FailedLogins } from "./failed-logins.ts";

it("the fifth failure costs a second, and each further one doubles that up to five minutes", () => {
  const failed = new FailedLogins(5);
  for (let count = 0; count < 4; count++) failed.note("ada", 0);
  expect(failed.waitMs("ada", 0)).toBe(0);
  const waits = Array.from({ length: 11 }, () => {
    failed.note("ada", 0);
    return failed.waitMs("ada", 0) / 1_000;
  });
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  expect(failed.waitMs("ada", 299_000)).toBe(1_000);
  expect(failed.waitMs("ada", 300_000)).toBe(0);
  expect(failed.waitMs("bob", 0)).toBe(0);
});

it("a quarter of an hour without a failure, or a success, clears them", () => {
  const failed = new FailedLogins(1);
  failed.note("ada", 0);
  failed.note("ada", 0);
  failed.note("ada", 15 * 60_000);
  expect(failed.waitMs("ada", 15 * 60_000)).toBe(1_000);
  failed.forget("ada");
  expect(failed.waitMs("ada", 15 * 60_000)).toBe(0);
});

it("a failure that was none is taken back", () => {
  const failed = new FailedLogins(2);
  failed.note("here", 0);
  failed.note("here", 0);
  failed.takeBack("here");
  expect(failed.waitMs("here", 0)).toBe(0);
  failed.note("here", 0);
  expect(failed.waitMs("here", 0)).toBe(1_000);
  failed.takeBack("nobody");
});

it("however many names are tried, it keeps a bounded number of them, the newest", () => {
  const failed = new FailedLogins(1, 100);
  for (let number = 0; number < 1_000; number++) failed.note(`name-${number}`, 0);
  expect(failed.waitMs("name-899", 0)).toBe(0);
  expect(failed.waitMs("name-900", 0)).toBe(1_000);
});
