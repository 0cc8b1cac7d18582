import { isObject, type JsonObject, listOf, numberOf, objectOf, textOf } from "./json-read.ts";

/** Schemas that refer to themselves end in null below this depth. */
const maxDepth = 12;

const formatSamples: { readonly [format: string]: string } = {
  date: "2026-01-02",
  "date-time": "2026-01-02T03:04:05Z",
  time: "03:04:05Z",
  email: "someone@example.com",
  uri: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
  ipv4: "192.0.2.1",
};

/** Where in a schema the work is. */
type Place = { readonly root: JsonObject; readonly depth: number };

function below(place: Place): Place {
  return { ...place, depth: place.depth + 1 };
}

function resolve(schema: JsonObject, root: JsonObject): JsonObject {
  const reference = textOf(schema.$ref);
  if (!reference.startsWith("#")) return schema;
  let target: unknown = root;
  for (const key of reference.split("/").slice(1)) target = objectOf(target)[key];
  return objectOf(target);
}

function sampleText(schema: JsonObject, hint: string): string {
  const format = formatSamples[textOf(schema.format)];
  if (format !== undefined) return format;
  const longEnough = hint.padEnd(numberOf(schema.minLength) ?? 0, "x");
  return longEnough.slice(0, numberOf(schema.maxLength) ?? longEnough.length);
}

function sampleNumber(schema: JsonObject): number {
  const least = numberOf(schema.minimum) ?? (numberOf(schema.exclusiveMinimum) ?? 0) + 1;
  const most =
    numberOf(schema.maximum) ?? (numberOf(schema.exclusiveMaximum) ?? Number.POSITIVE_INFINITY) - 1;
  const step = numberOf(schema.multipleOf) ?? 1;
  return Math.min(Math.ceil(least / step) * step, most);
}

function typeOf(schema: JsonObject): string {
  const stated = Array.isArray(schema.type) ? schema.type.find((name) => name !== "null") : schema.type;
  if (typeof stated === "string") return stated;
  if (schema.properties !== undefined) return "object";
  return schema.items === undefined ? "string" : "array";
}

function sampleObject(schema: JsonObject, place: Place): JsonObject {
  const members = Object.entries(objectOf(schema.properties));
  const required = new Set(listOf(schema.required));
  // Deep down only what must be there is filled in, so that recursive schemas end.
  const kept = place.depth < 4 ? members : members.filter(([name]) => required.has(name));
  return Object.fromEntries(
    kept.map(([name, member]) => [name, sample(objectOf(member), name, below(place))]),
  );
}

function sample(given: JsonObject, hint: string, place: Place): unknown {
  const { root, depth } = place;
  if (depth > maxDepth) return null;
  const schema = resolve(given, root);
  if (schema.const !== undefined) return schema.const;
  const choices = listOf(schema.enum);
  if (choices.length > 0) return choices[0];
  const variants = [...listOf(schema.anyOf), ...listOf(schema.oneOf)];
  const variant = variants.find((candidate) => objectOf(candidate).type !== "null");
  if (isObject(variant)) return sample(variant, hint, below(place));
  const parts = listOf(schema.allOf).map((part) => objectOf(sample(objectOf(part), hint, below(place))));
  if (parts.length > 0) return Object.assign({}, ...parts, sampleObject(schema, place));
  switch (typeOf(schema)) {
    case "object":
      return sampleObject(schema, place);
    case "array": {
      const count = Math.max(numberOf(schema.minItems) ?? 0, depth < 4 ? 1 : 0);
      return Array.from({ length: count }, () => sample(objectOf(schema.items), hint, below(place)));
    }
    case "integer":
    case "number":
      return sampleNumber(schema);
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return sampleText(schema, hint);
  }
}

/** A value that satisfies a simple JSON Schema; the same one every time. Strings repeat the member's name. */
export function sampleOf(schema: unknown, hint = "text"): unknown {
  const root = objectOf(schema);
  return sample(root, hint, { root, depth: 0 });
}
