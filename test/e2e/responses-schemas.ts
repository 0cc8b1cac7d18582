import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { z } from "zod";

/** The schemas of OpenAI's own document that a server's answers have to fit: those of the Responses API, with what they refer to. */
const text = readFileSync(new URL("./responses-schemas.json", import.meta.url), "utf8");
const { $defs } = z.object({ $defs: z.record(z.string(), z.unknown()) }).parse(JSON.parse(text));

function schemaOf(name: string): z.ZodType {
  const root: unknown = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $ref: `#/$defs/${name}`,
    $defs,
  };
  return z.fromJSONSchema(z.custom<Parameters<typeof z.fromJSONSchema>[0]>().parse(root));
}

const schemas = {
  response: schemaOf("Response"),
  event: schemaOf("ResponseStreamEvent"),
  items: schemaOf("ResponseItemList"),
};

/** Expects that OpenAI's own document allows the value. */
export function expectSchema(name: keyof typeof schemas, value: unknown): void {
  const { error } = schemas[name].safeParse(value);
  expect(error === undefined ? [] : z.treeifyError(error), JSON.stringify(value)).toEqual([]);
}
