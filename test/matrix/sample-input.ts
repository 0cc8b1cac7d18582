import { z } from "zod";
import type { Operation } from "../../packages/server/src/control/operation.ts";

interface Described {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Described[];
  readonly properties?: Readonly<Record<string, Described>>;
  readonly required?: readonly string[];
}

/** An input of the right types that no operation can do anything with: ids of what there is not, and texts that are empty. */
export function sampleInput(operation: Operation): Readonly<Record<string, unknown>> {
  // What zod describes is a JSON Schema.
  const { properties = {}, required = [] } = z.toJSONSchema(operation.input, {
    io: "input",
    unrepresentable: "any",
  }) as Described;
  const inPath = [...operation.rest.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  return Object.fromEntries(
    required.map((name) => [
      name,
      inPath.includes(name) ? "no-such-thing" : sampleOf(properties[name] ?? {}),
    ]),
  );
}

function sampleOf({ type, enum: values, anyOf }: Described): unknown {
  if (values !== undefined) return values[0];
  if (anyOf?.[0] !== undefined) return sampleOf(anyOf[0]);
  switch (type) {
    case "number":
    case "integer":
      return -1;
    case "boolean":
      return false;
    case "array":
      return [];
    case "object":
      return {};
    default:
      return "";
  }
}
