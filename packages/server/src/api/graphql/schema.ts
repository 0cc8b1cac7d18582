import { type GraphQLFieldConfig, GraphQLObjectType, GraphQLSchema, type GraphQLInputType } from "graphql";
import type { Feed } from "../../control/feed.ts";
import type { Operation } from "../../control/operation.ts";
import { usageRangeNames } from "../../core/usage-range.ts";
import type { ModelCaller } from "../model-caller.ts";
import { ConnectionTypes } from "./connections.ts";
import { type DescribedOperation, describeOperation } from "./described-operation.ts";
import { type DescribedSchema, SchemaReader } from "./described-schema.ts";
import { feedField } from "./feed-fields.ts";
import type { GraphCall } from "./graph-call.ts";
import { GraphEdges } from "./graph-edges.ts";
import { modelCallFields } from "./model-call-fields.ts";
import { operationField, type RootField } from "./operation-fields.ts";
import { keyBy } from "./relations.ts";
import { memberOf, TypeBuilder } from "./type-builder.ts";
import { nouns } from "./type-names.ts";
import { createUsageFields } from "./usage-fields.ts";

export interface SchemaParts {
  readonly operations: readonly Operation[];
  readonly feeds: readonly Feed[];
  readonly modelCaller: ModelCaller;
}

/** The graph: a field for every operation and feed, and the ways from one thing to another. */
export function createGraphSchema({ operations, feeds, modelCaller }: SchemaParts): GraphQLSchema {
  const reader = new SchemaReader();
  const described = new Map(operations.map((each) => [each.name, describeOperation(each, reader)]));
  const schemaOf = findNouns(described);
  const typeNames = new Map([...schemaOf].map(([name, { origin }]) => [origin, name]));
  const types: TypeBuilder = new TypeBuilder({
    nameOf: (origin) => typeNames.get(origin),
    fieldsOf: (typeName) => edges.of(typeName),
  });
  const connections = new ConnectionTypes();
  const nounType = (name: string): GraphQLObjectType | undefined => {
    const schema = schemaOf.get(name);
    return schema === undefined ? undefined : types.object(schema, name);
  };
  const usage = createUsageFields({ sumType: () => nounType("UsageSum"), rangeType: () => rangeType(types) });
  const edges: GraphEdges = new GraphEdges({
    connections,
    usage,
    nounType,
    details: detailsField(types, described),
    content: contentField(types, described),
  });

  const all = [...described.values()];
  const isQuery = ({ operation: { rest } }: DescribedOperation) => rest.method === "GET";
  const fieldOf = (each: DescribedOperation) => operationField(each, { types, connections });
  const calls = modelCallFields({ types, reader, caller: modelCaller });
  const queries = all.filter((each) => isQuery(each)).map(fieldOf);
  const mutations = [...all.filter((each) => !isQuery(each)).map(fieldOf), ...calls.mutations];
  const subscriptions = [
    ...feeds.map((feed) => feedField(feed, { types, reader, nounType })),
    ...calls.subscriptions,
  ];
  return new GraphQLSchema({
    query: rootType("Query", queries),
    mutation: rootType("Mutation", mutations),
    subscription: rootType("Subscription", subscriptions),
  });
}

function rootType(name: string, fields: readonly RootField[]): GraphQLObjectType<unknown, GraphCall> {
  const names = fields.map(([field]) => field);
  const twice = names.find((field, index) => names.indexOf(field) !== index);
  if (twice !== undefined) throw new Error(`${name} has two fields ${twice}`);
  return new GraphQLObjectType({ name, fields: Object.fromEntries(fields) });
}

/** The schemas of the nouns that this server has. */
function findNouns(described: ReadonlyMap<string, DescribedOperation>): ReadonlyMap<string, DescribedSchema> {
  return new Map(
    Object.entries(nouns).flatMap(([name, { operation, member }]) => {
      const output = described.get(operation)?.output;
      const found = member === undefined ? output : output?.members.get(member)?.schema;
      const schema = found?.element ?? found;
      return schema === undefined ? [] : [[name, schema]];
    }),
  );
}

/** Asked of the integration for each model by itself. */
function detailsField(
  types: TypeBuilder,
  described: ReadonlyMap<string, DescribedOperation>,
): GraphQLFieldConfig<unknown, GraphCall> | undefined {
  const details = described.get("models.show")?.output.members.get("details");
  if (details === undefined) return undefined;
  return {
    type: types.output({ ...details.schema, isNullable: true }, "model.details"),
    description: "Everything that its integration knows about it.",
    resolve: async (source, _args, call) =>
      memberOf(await call.run("models.show", { model: keyBy("integration", "id")(source) }), "details"),
  };
}

function contentField(
  types: TypeBuilder,
  described: ReadonlyMap<string, DescribedOperation>,
): GraphQLFieldConfig<unknown, GraphCall> | undefined {
  const content = described.get("usage.content");
  if (content === undefined) return undefined;
  return {
    type: types.object(content.output, "usage.content.result"),
    description:
      "What was asked and answered, where it was kept. Each reading is on record.\n\nPermission: `content.read`.",
    resolve: (source, _args, call) => call.run("usage.content", { request_id: memberOf(source, "id") }),
  };
}

function rangeType(types: TypeBuilder): GraphQLInputType {
  return types.input(
    {
      kind: "enum",
      values: [...usageRangeNames],
      isNullable: true,
      description: undefined,
      members: new Map(),
      element: undefined,
      standard: undefined,
      origin: 0,
    },
    "usage_range",
  );
}
