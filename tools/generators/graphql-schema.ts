import { type GraphQLField, type GraphQLSchema, lexicographicSortSchema, printSchema } from "graphql";
import { createGraphSchema } from "../../packages/server/src/api/graphql/schema.ts";
import { readFeeds, readOperations } from "./inert-operations.ts";
import { code, formatPage, formatTable } from "./markdown.ts";

/** The graph as it is, over operations that are only read. */
export function readGraphSchema(): GraphQLSchema {
  const refuse = () => Promise.reject(new Error("no model is called while the schema is only read"));
  return createGraphSchema({
    operations: readOperations(),
    feeds: readFeeds(),
    modelCaller: { call: refuse, whole: refuse },
  });
}

/** The schema as a contract; in the order of names, so that a change of it is read easily. */
export function formatGraphSchema(): string {
  return `${printSchema(lexicographicSortSchema(readGraphSchema()))}\n`;
}

/** The page about the fields of the graph's root. */
export function graphqlPage(): string {
  const schema = readGraphSchema();
  return formatPage([
    "# GraphQL",
    "The fields of the root. Every operation and every feed has one, and what is beside them leads from one thing to another. All types are in [contracts/schema.graphql](../../contracts/schema.graphql); how to ask is in [the guide](../guides/graphql.md).",
    ...section("Queries", schema.getQueryType()?.getFields()),
    ...section("Mutations", schema.getMutationType()?.getFields()),
    ...section("Subscriptions", schema.getSubscriptionType()?.getFields()),
  ]);
}

type RootFields = Readonly<Record<string, GraphQLField<unknown, unknown>>>;

function section(title: string, fields: RootFields = {}): readonly string[] {
  const rows = Object.values(fields)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, args, type, description, extensions }) => {
      const [summary = "", permission = ""] = (description ?? "").split("\n\nPermission: ");
      const taken = args.map((each) => `${each.name}: ${String(each.type)}`).join(", ");
      const made = String(extensions["operation"] ?? extensions["feed"] ?? "");
      return [
        code(name),
        code(taken),
        code(String(type)),
        code(made),
        permission.replace(/\.$/, ""),
        summary,
      ];
    });
  return [
    `## ${title}`,
    formatTable(["Field", "Arguments", "Type", "Operation or feed", "Permission", "What it does"], rows),
  ];
}
