import { expect, test } from "vitest";
import { fitSlope } from "./slope.ts";

const readings = (bytes: readonly number[]) => bytes.map((each, at) => ({ hours: at / 60, bytes: each }));

test("what grows by as much each minute has that slope, and no error", () => {
  const { bytesPerHour, errorPerHour } = fitSlope(readings([100, 110, 120, 130]));
  expect(bytesPerHour).toBeCloseTo(600);
  expect(errorPerHour).toBeCloseTo(0);
});

test("what only goes up and down has a slope within its error", () => {
  const { bytesPerHour, errorPerHour } = fitSlope(readings([100, 140, 100, 140, 100, 140]));
  expect(Math.abs(bytesPerHour)).toBeLessThan(2 * errorPerHour);
});

test("two readings have no error to tell", () => {
  expect(fitSlope(readings([100, 110])).errorPerHour).toBeNaN();
});
