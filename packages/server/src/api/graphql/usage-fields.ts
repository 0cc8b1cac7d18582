import { type GraphQLFieldConfig, type GraphQLInputType, type GraphQLObjectType } from "graphql";
import type { GraphCall } from "./graph-call.ts";
import { keyBy } from "./relations.ts";
import { rowsOf } from "./operation-fields.ts";

export interface UsageFieldParts {
  /** Type of the sums; undefined where this server has none. */
  sumType(): GraphQLObjectType | undefined;
  /** Type of the spans of time that sums can be of. */
  rangeType(): GraphQLInputType;
}

export interface UsageFields {
  /** @param groupBy names of the ledger by which the key of a thing is made, with commas between */
  field(
    groupBy: string,
    keyOf: (source: unknown) => string,
  ): GraphQLFieldConfig<unknown, GraphCall> | undefined;
}

/** What was used by something: of a whole list it is summed up at once. */
export function createUsageFields({ sumType, rangeType }: UsageFieldParts): UsageFields {
  return {
    field(groupBy, keyOf) {
      const type = sumType();
      if (type === undefined) return undefined;
      const keyOfSum = keyBy(...groupBy.split(","));
      return {
        type,
        description: "What was used; null for nothing. The same figures as in `usage`.",
        args: { range: { type: rangeType(), description: "Ends now. Default: 30 days." } },
        resolve: (source, { range }, call) => {
          const loader = call.loader(`usage.sum ${groupBy} ${String(range)}`, async () => {
            const question = { group_by: groupBy, ...(typeof range === "string" ? { range } : {}) };
            const rows = rowsOf(await call.run("usage.sum", question), "usage");
            return new Map(rows.map((row) => [keyOfSum(row), row]));
          });
          return loader.get(keyOf(source));
        },
      };
    },
  };
}
