import { getIntrospectionQuery, parse } from "graphql";
import { expect, test } from "vitest";
import { checkDocumentLimits } from "./document-limits.ts";

const nested = (depth: number, field = "a") =>
  `{ ${`${field} { `.repeat(depth - 1)} a ${"}".repeat(depth - 1)} }`;
const aliased = (count: number) => Array.from({ length: count }, (_, at) => `x${at}: a`).join(" ");
const check = (text: string) => () => checkDocumentLimits(parse(text));

test.each([
  ["8 deep", nested(8)],
  ["introspection, however deep", `{ __schema ${nested(12, "types")} }`],
  ["what tools ask to see the schema", getIntrospectionQuery({ inputValueDeprecation: true, typeDepth: 9 })],
  ["15 aliases", `{ ${aliased(15)} }`],
  ["15 aliases in a fragment", `{ ...F } fragment F on T { ${aliased(15)} }`],
  ["20 directives", `{ a ${"@skip(if: false) ".repeat(20)} }`],
])("a document may have: %s", (_name, text) => {
  expect(check(text)).not.toThrow();
});

test.each([
  ["9 deep", nested(9), "8 fields deep"],
  ["16 aliases", `{ ${aliased(16)} }`, "15 aliases"],
  [
    "aliases in a fragment that is spread",
    `{ b { ...F } c { ...F } } fragment F on T { ${aliased(8)} }`,
    "15 aliases",
  ],
  ["depth by fragments", `{ a { a { a { a { ...F } } } } } fragment F on T ${nested(5)}`, "8 fields deep"],
  ["16 aliases below introspection", `{ __schema { ${aliased(16)} } }`, "15 aliases"],
  ["21 directives", `{ a ${"@skip(if: false) ".repeat(21)} }`, "20 directives"],
  ["a fragment in itself", "{ ...F } fragment F on T { a { ...F } }", "inside of itself"],
  [
    "a circle that nobody enters",
    "{ a } fragment F on T { ...G } fragment G on T { ...F }",
    "inside of itself",
  ],
])("a document may not have: %s", (_name, text, why) => {
  expect(check(text)).toThrow(why);
});

test("fragments that double each other are not walked through for ever", () => {
  const doubling = Array.from(
    { length: 40 },
    (_, at) => `fragment F${at} on T { ...F${at + 1} ...F${at + 1} }`,
  );
  expect(check(`{ ...F0 } ${doubling.join(" ")} fragment F40 on T { a }`)).toThrow("too often");
});
