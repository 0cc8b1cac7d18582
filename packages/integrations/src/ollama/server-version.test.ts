import { expect, test } from "vitest";
import { isAtLeast } from "./server-version.ts";

test.each<[string | undefined, boolean]>([
  ["0.12.11", true],
  ["0.12.11-rc1", true],
  ["0.13.0", true],
  ["1.0.0", true],
  ["v0.33.2", true],
  ["0.12.10", false],
  ["0.9.99", false],
  ["0.0.0", false],
  ["", false],
  [undefined, false],
])("version %s is at least 0.12.11: %s", (version, expected) => {
  expect(isAtLeast(version, "0.12.11")).toBe(expected);
});
