import type { Json } from "@llm-platform/kit";
import { describe, expect, it } from "vitest";
import { GrammarBuilder, terminal } from "./grammar-builder.ts";

function build(schema: Json, isLenient = false): string {
  const builder = new GrammarBuilder();
  return builder.build(builder.addSchema(schema, "schema", { isLenient }));
}

describe("GrammarBuilder", () => {
  it("defines every rule that it uses", () => {
    const grammar = build({
      type: "object",
      $defs: {
        node: {
          type: "object",
          properties: { next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] } },
          required: ["next"],
        },
      },
      properties: {
        list: { type: "array", items: { $ref: "#/$defs/node" }, minItems: 1, maxItems: 3 },
        pair: { type: "array", prefixItems: [{ type: "integer" }, { type: "boolean" }] },
        kind: { enum: ["a", 'b"c', 3, null] },
        when: { type: "string", format: "date-time" },
        short: { type: ["string", "null"], maxLength: 4 },
        any: true,
      },
      required: ["list"],
      additionalProperties: { type: "number" },
    });
    const withoutTexts = grammar.replaceAll(/"(?:[^"\\]|\\.)*"/g, "").replaceAll(/\[(?:[^\]\\]|\\.)*\]/g, "");
    const defined = new Set(withoutTexts.split("\n").map((line) => line.split(" ::= ")[0]));
    const used = withoutTexts
      .split("\n")
      .flatMap((line) => (line.split(" ::= ")[1] ?? "").match(/[a-z][\w-]*/g) ?? []);
    expect(used.filter((name) => !defined.has(name))).toEqual([]);
  });

  it.each([
    [{ type: "string", pattern: "a" }, "schema.pattern"],
    [{ type: "object", properties: { a: { type: "integer", minimum: 1 } } }, "schema.properties.a.minimum"],
    [{ type: "string", format: "ipv4" }, "schema.format"],
    [{ type: "array", maxItems: 5000 }, "schema.maxItems"],
  ])("refuses what it cannot enforce and names it: %j", (schema, field) => {
    expect(() => build(schema)).toThrow(expect.objectContaining({ code: "unsupported_parameter", field }));
    expect(() => build(schema, true)).not.toThrow();
  });

  it.each([
    [{ type: "wrong" }, "schema.type"],
    [{ $ref: "#/$defs/none" }, "schema.$ref"],
    [{ enum: [] }, "schema.enum"],
    [{ type: "string", maxLength: -1 }, "schema.maxLength"],
  ])("refuses what is no schema: %j", (schema, field) => {
    expect(() => build(schema, true)).toThrow(expect.objectContaining({ code: "invalid_request", field }));
  });

  it("refuses a schema that is nested without end", () => {
    let schema: Json = { type: "string" };
    for (let depth = 0; depth < 40; depth += 1) schema = { type: "array", items: schema };
    expect(() => build(schema)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });

  it("escapes texts", () => {
    expect(terminal('a"b\\c\n')).toBe('"a\\"b\\\\c\\n"');
  });
});
