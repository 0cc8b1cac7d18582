import { GraphQLFloat, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString } from "graphql";
import { type ConnectionTypes, pageArguments } from "./connections.ts";
import type { DescribedOperation } from "./described-operation.ts";
import type { GraphCall } from "./graph-call.ts";
import { listPage, type RootField, rowsOf } from "./operation-fields.ts";
import { toOperationInput } from "./operation-input.ts";
import { relatedRows } from "./related-rows.ts";
import { keyBy, relations } from "./relations.ts";
import { memberOf, type TypeBuilder } from "./type-builder.ts";

export interface RequestFieldParts {
  readonly types: TypeBuilder;
  readonly connections: ConnectionTypes;
  /** `usage.list`, whose lines are attempts. */
  readonly attempts: DescribedOperation;
  /** `usage.content`; undefined where this server has none. */
  readonly content: DescribedOperation | undefined;
}

/** Members of an attempt that do not say which attempt of a call is asked for. */
const filterNames = ["from", "until", "integration", "model", "principal"];

/** Calls of models as they were made, each with what was tried for it. */
export function requestFields(parts: RequestFieldParts): readonly RootField[] {
  const { types, connections, attempts } = parts;
  const { list, input } = attempts;
  if (list === undefined) return [];
  const type = requestType(parts);
  const facts = { extensions: { operation: "usage.list" } };
  const members = new Map([...input.members].filter(([name]) => filterNames.includes(name)));
  const filters = { ...input, members };
  return [
    [
      "requests",
      {
        ...facts,
        type: connections.of(type),
        description: "Calls of models in the usage ledger, latest first.\n\nPermission: `usage.read`.",
        args: { ...types.inputMembers(filters, "requests.input"), ...pageArguments },
        resolve: (_source, args, call) => {
          const filter = { ...Object(toOperationInput(filters, args)), attempt: 1 };
          return listPage(call, { name: "usage.list", list, filter, args });
        },
      },
    ],
    [
      "request",
      {
        ...facts,
        type,
        description:
          "One call by its id, which every answer has as `x-request-id`.\n\nPermission: `usage.read`.",
        args: { id: { type: new GraphQLNonNull(GraphQLString) } },
        resolve: async (_source, { id }, call) =>
          rowsOf(await call.run("usage.list", { request_id: id, limit: 1 }), list.member)[0],
      },
    ],
  ];
}

function requestType({ types, attempts, content }: RequestFieldParts): GraphQLObjectType {
  const text = (name: string) => ({
    type: new GraphQLNonNull(GraphQLString),
    resolve: (source: unknown) => memberOf(source, name),
  });
  const attemptsOf = (source: unknown, call: GraphCall) =>
    relatedRows(call, relations.attemptsOfRequest, keyBy("request_id")(source));
  const list = attempts.list;
  const outcome = list?.element.members.get("outcome")?.schema;
  const outcomeType =
    outcome === undefined ? GraphQLString : types.output({ ...outcome, isNullable: true }, "attempt.outcome");
  return new GraphQLObjectType<unknown, GraphCall>({
    name: "Request",
    description: "A call of a model, however often it was tried.",
    fields: () => ({
      id: text("request_id"),
      startedAt: text("started_at"),
      principal: text("principal"),
      operation: text("operation"),
      requestedModel: text("requested_model"),
      outcome: {
        type: outcomeType,
        description: "How its last attempt ended.",
        resolve: async (source, _args, call) =>
          memberOf(inOrder(await attemptsOf(source, call)).at(-1), "outcome"),
      },
      costMicros: {
        type: GraphQLFloat,
        description:
          "Of all attempts together, in millionths of the currency; null when the price of one is not known.",
        resolve: async (source, _args, call) => sumCosts(await attemptsOf(source, call)),
      },
      ...(list === undefined
        ? {}
        : {
            attempts: {
              type: new GraphQLList(new GraphQLNonNull(types.object(list.element, "attempt"))),
              description: "In their order.",
              resolve: async (source, _args, call) => inOrder(await attemptsOf(source, call)),
            },
          }),
      ...(content === undefined
        ? {}
        : {
            content: {
              type: types.object(content.output, "usage.content.result"),
              description:
                "What was asked and answered, where it was kept. Each reading is on record.\n\nPermission: `content.read`.",
              resolve: (source, _args, call) =>
                call.run("usage.content", { request_id: memberOf(source, "request_id") }),
            },
          }),
    }),
  });
}

function inOrder(rows: readonly unknown[]): readonly unknown[] {
  return rows.toSorted((a, b) => Number(memberOf(a, "attempt")) - Number(memberOf(b, "attempt")));
}

function sumCosts(rows: readonly unknown[]): number | null {
  const costs = rows.map((row) => memberOf(row, "cost_micros"));
  const known = costs.filter((cost) => typeof cost === "number");
  return known.length < costs.length ? null : known.reduce((sum, cost) => sum + cost, 0);
}
