import { readFileSync } from "node:fs";
import { parse, validate } from "graphql";
import { expect, test } from "vitest";
import { checkDocumentLimits } from "../../packages/server/src/api/graphql/document-limits.ts";
import { readGraphSchema } from "../../tools/generators/graphql-schema.ts";

const guide = readFileSync(new URL("../../docs/guides/graphql.md", import.meta.url), "utf8");
const blocks = [...guide.matchAll(/```graphql\n([^]*?)```/g)].map(([, text = ""]) => text);
// What a shell sends, with its quotes undone.
const sent = [...guide.matchAll(/-d '\{"query": "(.*)"\}'/g)].map(([, text = ""]) =>
  text.replaceAll('\\"', '"'),
);

test.each([...blocks, ...sent])("the guide asks what the graph can answer (%#)", (text) => {
  const document = parse(text);
  expect(() => checkDocumentLimits(document)).not.toThrow();
  expect(validate(readGraphSchema(), document)).toEqual([]);
});

test("the guide has examples of both kinds", () => {
  expect(blocks.length).toBeGreaterThanOrEqual(4);
  expect(sent.length).toBeGreaterThanOrEqual(2);
});
