import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildSchema, parse, validate } from "graphql";
import { expect, test } from "vitest";
import { readFences } from "./fences.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("every document on the page about GraphQL can be asked", () => {
  const schema = buildSchema(readFileSync(`${root}contracts/schema.graphql`, "utf8"));
  const documents = readFences(readFileSync(`${root}docs/guides/graphql.md`, "utf8")).filter(
    ({ language }) => language === "graphql",
  );
  const problems = documents.flatMap(({ text, line }) =>
    validate(schema, parse(text)).map(({ message }) => `line ${line}: ${message}`),
  );
  expect(problems).toEqual([]);
  expect(documents.length).toBeGreaterThan(2);
});
