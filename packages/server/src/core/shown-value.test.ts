import { type JsonObject, Secret } from "@llm-platform/kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundShown, showBySchema } from "./shown-value.ts";

const text: JsonObject = { type: "string" };
const secret: JsonObject = { type: "string", format: "secret" };

function objectOf(properties: JsonObject): JsonObject {
  return { type: "object", properties };
}

describe("a value that is shown", () => {
  it.each<[string, unknown, JsonObject, unknown]>([
    ["described members", { a: "x", n: 1 }, objectOf({ a: text, n: { type: "integer" } }), { a: "x", n: 1 }],
    ["no secret by its format", { key: "sk-1" }, objectOf({ key: secret }), { key: "[secret]" }],
    ["no secret by its class", { key: new Secret("sk-1") }, objectOf({ key: text }), { key: "[secret]" }],
    ["nothing undescribed", { api_kye: "sk-1" }, objectOf({ api_key: secret }), { api_kye: "[not shown]" }],
    ["nothing of the wrong type", { a: { b: "sk-1" } }, objectOf({ a: text }), { a: { b: "[not shown]" } }],
    [
      "no header",
      { headers: { "x-key": "sk-1" } },
      objectOf({ headers: { type: "object", additionalProperties: secret } }),
      { headers: { "x-key": "[secret]" } },
    ],
    [
      "nothing of a free form",
      { a: "sk-1" },
      { type: "object", additionalProperties: {} },
      { a: "[not shown]" },
    ],
    ["no secret of one alternative", "sk-1", { anyOf: [text, secret] }, "[secret]"],
    ["what a reference describes", "x", { $ref: "#/$defs/a", $defs: { a: text } }, "x"],
    ["no secret behind a reference", "x", { $ref: "#/$defs/a", $defs: { a: secret } }, "[secret]"],
    ["lists", ["a", 1], { type: "array", items: text }, ["a", "[not shown]"]],
    ["no password in an address", "redis://u:sk-1@h/0", text, "redis://[secret]@h/0"],
    ["that there is nothing", { a: null, b: undefined }, objectOf({ a: secret, b: text }), { a: null }],
  ])("has %s", (_what, value, schema, expected) => {
    expect(showBySchema(value, schema)).toEqual(expected);
  });

  it("does not follow a schema that refers to itself without an end", () => {
    expect(showBySchema("sk-1", { $ref: "#" })).toBe("[not shown]");
    const list: JsonObject = { type: "array", items: { $ref: "#" } };
    let deep: unknown = [];
    for (let depth = 0; depth < 10_000; depth++) deep = [deep];
    expect(JSON.stringify(showBySchema(deep, list))).toContain("[not shown]");
  });

  it("is not longer than a record should be", () => {
    const list = Array.from({ length: 30 }, () => "x".repeat(3_000));
    expect(boundShown(list)).toEqual({ omitted_characters: JSON.stringify(list).length });
    expect(boundShown(list.slice(0, 3))).toEqual(list.slice(0, 3));
    expect(showBySchema("x".repeat(5_000), text)).toHaveLength(4_097);
  });

  it("never has what nothing describes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const shown = JSON.stringify(showBySchema({ settings: value, canary: "CANARY" }, objectOf({})));
        expect(shown).not.toContain("CANARY");
      }),
    );
  });
});
