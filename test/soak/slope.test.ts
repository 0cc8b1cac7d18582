import { expect, it } from "vitest";
import { slopeOf } from "./slope.ts";

it("finds the slope of points on a line, without error", () => {
  const points = [0, 1, 2, 3].map((hours) => ({ hours, value: 10 + 2.5 * hours }));
  expect(slopeOf(points)).toEqual({ perHour: 2.5, error: 0 });
});

it("tells by the error that points which only scatter have no slope", () => {
  const points = Array.from({ length: 40 }, (_, at) => ({ hours: at / 40, value: at % 2 === 0 ? 0 : 4 }));
  const { perHour, error } = slopeOf(points);
  expect(Math.abs(perHour)).toBeLessThan(2 * error);
});

it("has none of two points", () => {
  expect(slopeOf([{ hours: 0, value: 1 }]).perHour).toBeNaN();
});
