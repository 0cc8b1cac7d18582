import { expect, it } from "vitest";
import { chooseQuantization, memoryFor } from "./quantization-choice.ts";

const gigabyte = 1e9;
const choices = [
  { name: "Q2_K", sizeBytes: 3 * gigabyte },
  { name: "Q4_K_M", sizeBytes: 5 * gigabyte },
  { name: "Q8_0", sizeBytes: 9 * gigabyte },
  { name: "F16", sizeBytes: 16 * gigabyte },
];

it.each([
  [1, undefined],
  [4.5, "Q2_K"],
  [7, "Q4_K_M"],
  [12, "Q8_0"],
  [64, "Q8_0"],
])("in %d GB fits best %s", (gigabytes, name) => {
  expect(chooseQuantization(choices, gigabytes * gigabyte)?.name).toBe(name);
});

it("takes weights that were not rounded where there are no others", () => {
  expect(chooseQuantization([{ name: "F16", sizeBytes: gigabyte }], 8 * gigabyte)?.name).toBe("F16");
});

it("needs more than the weights", () => {
  expect(memoryFor(gigabyte)).toBeGreaterThan(1.5 * gigabyte);
});
