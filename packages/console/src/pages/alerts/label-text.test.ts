import { expect, test } from "vitest";
import { formatLabels, parseLabels } from "./label-text.ts";

test("labels are read as they are written, one on each line", () => {
  const labels = { integration: "fake", model: "a=b c" };
  expect(parseLabels(formatLabels(labels))).toEqual([
    { name: "integration", value: "fake" },
    { name: "model", value: "a=b c" },
  ]);
  expect(parseLabels("\n  model = x \n\n")).toEqual([{ name: "model", value: "x" }]);
  expect(parseLabels("")).toEqual([]);
});

test.each(["model", "=x", "model=", "a=b\nodd"])("%j is no list of labels", (text) => {
  expect(parseLabels(text)).toBeUndefined();
});
