import { type GraphQLObjectType, validateSchema } from "graphql";
import { expect, test } from "vitest";
import { readGraphSchema } from "../../tools/generators/graphql-schema.ts";
import { readFeeds, readOperations } from "../../tools/generators/inert-operations.ts";

const schema = readGraphSchema();

function namesOf(type: GraphQLObjectType | null | undefined, extension: string): readonly string[] {
  return Object.values(type?.getFields() ?? {}).flatMap(({ extensions }) => {
    const name = extensions[extension];
    return typeof name === "string" ? [name] : [];
  });
}

test("every operation of the table has a field: reading ones are queries, others mutations", () => {
  const reading = readOperations().filter(({ rest }) => rest.method === "GET");
  const changing = readOperations().filter(({ rest }) => rest.method !== "GET");
  expect(reading.length).toBeGreaterThan(20);
  expect(namesOf(schema.getQueryType(), "operation")).toEqual(
    expect.arrayContaining(reading.map(({ name }) => name)),
  );
  expect(namesOf(schema.getMutationType(), "operation")).toEqual(
    expect.arrayContaining(changing.map(({ name }) => name)),
  );
});

test("every feed of the table can be followed", () => {
  expect(namesOf(schema.getSubscriptionType(), "feed")).toEqual(readFeeds().map(({ name }) => name));
});

test("every member of an operation's input can be given, and the schema is valid", () => {
  expect(validateSchema(schema)).toEqual([]);
  const { keysCreate } = schema.getMutationType()?.getFields() ?? {};
  expect(String(keysCreate?.args[0]?.type)).toBe("KeysCreateInput!");
  const list = schema.getQueryType()?.getFields()["users"];
  expect(list?.args.map(({ name }) => name)).toEqual([
    "ids",
    "team",
    "teams",
    "role",
    "roles",
    "first",
    "after",
  ]);
});
