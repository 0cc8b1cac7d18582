import { getNamedType, type GraphQLObjectType, isObjectType } from "graphql";
import {
  describeOperation,
  type DescribedOperation,
} from "../../packages/server/src/api/graphql/described-operation.ts";
import {
  type DescribedSchema,
  SchemaReader,
} from "../../packages/server/src/api/graphql/described-schema.ts";
import { rootFieldName, toEnumName, toFieldName } from "../../packages/server/src/api/graphql/names.ts";
import { likenesses, renamedMembers } from "../../packages/server/src/api/graphql/type-names.ts";
import { readGraphSchema } from "../../tools/generators/graphql-schema.ts";
import { readOperations } from "../../tools/generators/inert-operations.ts";
import { askGraph, type GraphFault } from "../e2e/graphql-calls.ts";
import { member } from "../e2e/http.ts";
import type { Platform } from "../e2e/start-platform.ts";
import { type Driver, toRefusal } from "./driver.ts";

/** GraphQL: an operation is a field of the root, and everything is asked for that its answer has. */
export function createGraphqlDriver(platform: Platform): Driver {
  const schema = readGraphSchema();
  const reader = new SchemaReader();
  const described = new Map(readOperations().map((each) => [each.name, describeOperation(each, reader)]));
  return {
    name: "graphql",
    async call(name, input, key) {
      const asked = described.get(name);
      if (asked === undefined) throw new Error(`there is no operation ${name}`);
      const isQuery = asked.operation.rest.method === "GET";
      const root = isQuery ? schema.getQueryType() : schema.getMutationType();
      const field = root?.getFields()[rootFieldName(name)];
      const type = getNamedType(field?.type);
      if (field === undefined || !isObjectType(type)) throw new Error(`${name} has no field`);
      const given = Object(toGraph(asked.input, input));
      const values = isQuery
        ? { ...given, ...(asked.list === undefined ? {} : { first: 100 }) }
        : { input: given };
      const args = field.args.filter((each) => each.name in values);
      const declared = args.map((each) => `$${each.name}: ${String(each.type)}`).join(", ");
      const passed = args.map((each) => `${each.name}: $${each.name}`).join(", ");
      const inParens = (text: string) => (text === "" ? "" : `(${text})`);
      const { errors, data } = await askGraph(platform, {
        query: `${isQuery ? "query" : "mutation"} ${inParens(declared)} { ${field.name}${inParens(passed)} ${selectionOf(asked, type)} }`,
        variables: Object.fromEntries(args.map((each) => [each.name, values[each.name]])),
        key,
      });
      const [error] = errors;
      if (error !== undefined) return toRefusal(error.extensions["code"], fieldOf(error));
      return { ok: true, output: readAnswer(asked, type, member(data, field.name)) };
    },
    close: async () => undefined,
  };
}

/** A value as the graph takes it. */
function toGraph(schema: DescribedSchema, value: unknown): unknown {
  if (schema.kind === "enum") return toEnumName(String(value));
  if (schema.kind === "list" && Array.isArray(value) && schema.element !== undefined) {
    const { element } = schema;
    return value.map((each: unknown) => toGraph(element, each));
  }
  if (schema.kind !== "object") return value;
  return Object.fromEntries(
    Object.entries(Object(value)).flatMap(([name, each]) => {
      const known = schema.members.get(name);
      return known === undefined ? [] : [[toFieldName(name), toGraph(known.schema, each)]];
    }),
  );
}

function nameIn(type: GraphQLObjectType, name: string): string {
  return renamedMembers[`${likenesses[type.name] ?? type.name}.${name}`] ?? toFieldName(name);
}

function typeOf(type: GraphQLObjectType, field: string): GraphQLObjectType {
  const inner = getNamedType(type.getFields()[field]?.type);
  if (isObjectType(inner)) return inner;
  throw new Error(`${type.name}.${field} is no object`);
}

function selectionOf({ list, output }: DescribedOperation, type: GraphQLObjectType): string {
  if (list === undefined) return selection(output, type);
  const others = list.others.map((name) => oneSelection(output, name, { type, field: toFieldName(name) }));
  return `{ nodes ${selection(list.element, typeOf(type, "nodes"))} pageInfo { hasNextPage } ${others.join(" ")} }`;
}

function selection(schema: DescribedSchema, type: GraphQLObjectType): string {
  const fields = [...schema.members.keys()].map((name) =>
    oneSelection(schema, name, { type, field: nameIn(type, name) }),
  );
  return `{ ${fields.join(" ")} }`;
}

function oneSelection(
  schema: DescribedSchema,
  name: string,
  { type, field }: { readonly type: GraphQLObjectType; readonly field: string },
): string {
  const inner = innermost(schema.members.get(name)?.schema);
  return inner?.kind === "object" ? `${field} ${selection(inner, typeOf(type, field))}` : field;
}

function innermost(schema: DescribedSchema | undefined): DescribedSchema | undefined {
  return schema?.kind === "list" ? innermost(schema.element) : schema;
}

/** An answer as the operation gives it. */
function readAnswer({ list, output }: DescribedOperation, type: GraphQLObjectType, answer: unknown): unknown {
  if (list === undefined) return fromGraph(output, type, answer);
  const nodes: unknown = member(answer, "nodes");
  const element = typeOf(type, "nodes");
  const rows = Array.isArray(nodes)
    ? nodes.map((each: unknown) => fromGraph(list.element, element, each))
    : [];
  const others = list.others.map((name) => [
    name,
    fromMember(output, name, { type, value: member(answer, toFieldName(name)) }),
  ]);
  const { next } = list.paging ?? {};
  // Where the next page begins, the graph says in words of its own.
  const nextOf =
    next === undefined ? {} : { [next]: output.members.get(next)?.schema.kind === "number" ? 0 : null };
  return { [list.member]: rows, ...Object.fromEntries(others), ...nextOf };
}

function fromGraph(schema: DescribedSchema, type: GraphQLObjectType | undefined, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (schema.kind === "list" && Array.isArray(value) && schema.element !== undefined) {
    const { element } = schema;
    return value.map((each: unknown) => fromGraph(element, type, each));
  }
  if (schema.kind === "enum") return schema.values.find((each) => toEnumName(each) === value);
  if (schema.kind !== "object" || type === undefined) return value;
  return Object.fromEntries(
    [...schema.members].flatMap(([name, known]) => {
      const given = fromMember(schema, name, { type, value: member(value, nameIn(type, name)) });
      // What an operation leaves out is null in the graph.
      return given === null && !known.isRequired && !known.schema.isNullable ? [] : [[name, given]];
    }),
  );
}

function fromMember(
  schema: DescribedSchema,
  name: string,
  { type, value }: { readonly type: GraphQLObjectType; readonly value: unknown },
): unknown {
  const known = schema.members.get(name)?.schema;
  if (known === undefined) return value;
  const field = type.getFields()[nameIn(type, name)] ?? type.getFields()[toFieldName(name)];
  const inner = getNamedType(field?.type);
  return fromGraph(known, isObjectType(inner) ? inner : undefined, value);
}

/** The field at fault, in the words of the operation. */
function fieldOf({ extensions }: GraphFault): unknown {
  const field = member(member(extensions["problems"], "0"), "field") ?? extensions["field"];
  return typeof field === "string"
    ? field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    : field;
}
