import { expect, test } from "vitest";
import { fromFieldText, kindOf, toFieldText } from "./json-schema.ts";

test.each([
  [{ type: "string" }, "text"],
  [{ type: "string", format: "uri" }, "url"],
  [{ type: "string", format: "secret" }, "secret"],
  [{ type: "string", enum: ["a", "b"] }, "choice"],
  [{ type: "integer" }, "number"],
  [{ type: "boolean" }, "yes_no"],
  [{ type: "array", items: { type: "string" } }, "lines"],
  [{ type: "array", items: { type: "object" } }, "json"],
  [{ anyOf: [{ type: "number" }, { type: "null" }] }, "number"],
  [{}, "json"],
] as const)("%j is drawn as %s", (schema, kind) => expect(kindOf(schema)).toBe(kind));

test("a value comes back from its field as it went in", () => {
  for (const [kind, value] of [
    ["text", "abc"],
    ["number", 1.5],
    ["lines", ["a", "b"]],
    ["json", { a: [1, { b: null }] }],
  ] as const)
    expect(fromFieldText(kind, toFieldText(kind, value))).toEqual(value);
  expect(fromFieldText("text", "  ")).toBeUndefined();
  expect(() => fromFieldText("json", "{")).toThrow(SyntaxError);
});
