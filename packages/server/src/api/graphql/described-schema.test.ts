import { expect, test } from "vitest";
import { z } from "zod";
import { SchemaReader } from "./described-schema.ts";

const probe = z.object({ time: z.string() });

function kindOf(schema: z.ZodType, io: "input" | "output" = "output"): string {
  const { kind, isNullable } = new SchemaReader().read(schema, io);
  return kind + (isNullable ? "?" : "");
}

test.each([
  [z.string(), "string"],
  [z.string().nullable(), "string?"],
  [z.number(), "number"],
  [z.number().int().max(10), "integer"],
  [z.number().int(), "number"],
  [z.boolean(), "boolean"],
  [z.enum(["a", "b"]), "enum"],
  [z.literal("a").nullable(), "enum?"],
  [z.array(probe).readonly(), "list"],
  [probe.nullable(), "object?"],
  [z.record(z.string(), z.number()), "json"],
  [z.unknown(), "json?"],
  [z.union([z.string(), z.number()]), "json?"],
])("a schema is described by its kind (%#)", (schema, kind) => {
  expect(kindOf(schema)).toBe(kind);
});

test("of an input it is described what is taken", () => {
  expect(kindOf(z.coerce.number().int().max(10).default(5), "input")).toBe("integer");
  expect(kindOf(z.string().transform(Number), "input")).toBe("string");
  expect(kindOf(z.union([z.boolean(), z.stringbool()]), "input")).toBe("boolean");
  expect(kindOf(z.strictObject({}), "input")).toBe("object");
  const { members } = new SchemaReader().read(
    z.strictObject({ a: z.string(), b: z.string().default("x") }),
    "input",
  );
  expect([...members].map(([name, { isRequired, schema }]) => [name, isRequired, schema.standard])).toEqual([
    ["a", true, undefined],
    ["b", false, "x"],
  ]);
});

test("the same schema in two places has one origin, also where it was described anew", () => {
  const reader = new SchemaReader();
  const { members } = reader.read(
    z.object({
      one: probe,
      two: probe.describe("Another place."),
      three: probe.nullable(),
      four: z.object({ time: z.string() }),
    }),
    "output",
  );
  const origins = [...members.values()].map(({ schema }) => schema.origin);
  expect(origins[1]).toBe(origins[0]);
  expect(origins[3]).not.toBe(origins[0]);
  expect(reader.read(probe, "output").origin).toBe(origins[0]);
});
