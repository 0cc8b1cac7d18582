import type { DescribedSchema } from "./described-schema.ts";
import { toFieldName } from "./names.ts";
import { memberOf } from "./type-builder.ts";

/**
 * Arguments as the operation takes them: under its own names, and without a null where it knows none, which in GraphQL says
 * the same as nothing.
 */
export function toOperationInput(schema: DescribedSchema, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (schema.kind === "list" && schema.element !== undefined && Array.isArray(value)) {
    const { element } = schema;
    return value.map((each: unknown) => toOperationInput(element, each));
  }
  if (schema.kind !== "object") return value;
  const members = [...schema.members].map(
    ([name, { schema: member }]) =>
      [name, member, toOperationInput(member, memberOf(value, toFieldName(name)))] as const,
  );
  return Object.fromEntries(
    members.flatMap(([name, member, given]) =>
      given === undefined || (given === null && !member.isNullable) ? [] : [[name, given]],
    ),
  );
}
