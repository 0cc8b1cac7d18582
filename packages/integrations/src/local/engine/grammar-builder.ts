import type { Json, JsonObject } from "@llm-platform/kit";
import { invalid, unsupported } from "./engine-failure.ts";

/** What a schema may hold that says nothing about which values are valid. */
const annotations = new Set([
  "title",
  "description",
  "default",
  "examples",
  "$schema",
  "$id",
  "$comment",
  "$anchor",
  "deprecated",
  "readOnly",
  "writeOnly",
  "$defs",
  "definitions",
]);

/** What the grammar can enforce, for each kind of schema. */
const enforced = {
  object: new Set(["type", "properties", "required", "additionalProperties"]),
  array: new Set(["type", "items", "prefixItems", "minItems", "maxItems"]),
  string: new Set(["type", "minLength", "maxLength", "format"]),
  other: new Set(["type"]),
} as const;

/** Repetitions beyond this make the engine's grammar machine slow or fail; larger bounds are refused. */
const maxRepetition = 1024;
const maxDepth = 32;

const formats: Readonly<Record<string, string>> = {
  date: "date",
  time: "time",
  "date-time": "date-time",
  uuid: "uuid",
};

const basics: Readonly<Record<string, string>> = {
  ws: '| " " | "\\n" [ \\t]{0,12}',
  char: '[^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\bfnrt/] | "u" [0-9a-fA-F]{4})',
  string: '"\\"" char* "\\""',
  integer: '"-"? ("0" | [1-9] [0-9]{0,15})',
  number: 'integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,3})?',
  boolean: '"true" | "false"',
  null: '"null"',
  value: "object | array | string | number | boolean | null",
  object: '"{" ws (string ":" ws value ("," ws string ":" ws value)*)? ws "}"',
  array: '"[" ws (value ("," ws value)*)? ws "]"',
  day: '[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [1-2] [0-9] | "3" [0-1])',
  clock:
    '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{1,6})? ("Z" | [-+] [0-2] [0-9] ":" [0-5] [0-9])',
  date: '"\\"" day "\\""',
  time: '"\\"" clock "\\""',
  "date-time": '"\\"" day "T" clock "\\""',
  uuid: '"\\"" [0-9a-f]{8} "-" [0-9a-f]{4} "-" [0-9a-f]{4} "-" [0-9a-f]{4} "-" [0-9a-f]{12} "\\""',
};

/** A text as a terminal of the grammar. */
export function terminal(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
  return `"${escaped}"`;
}

interface Place {
  /** Path of the schema in the request, for messages. */
  readonly field: string;
  readonly root: JsonObject;
  readonly depth: number;
  /** Whether keywords that a grammar cannot enforce are passed over. */
  readonly isLenient: boolean;
}

/**
 * Writes a GBNF grammar from JSON Schemas.
 *
 * Properties come in the order of the schema; optional ones may be left out.
 */
export class GrammarBuilder {
  readonly #rules = new Map<string, string>();
  readonly #references = new Map<Json, string>();
  #next = 0;

  /**
   * Adds a schema and returns the name of its rule. `field` is where it stands in the request.
   *
   * Keywords that a grammar cannot enforce are passed over when `isLenient`; else it throws
   * PlatformError `unsupported_parameter` naming the first.
   */
  addSchema(schema: Json, field: string, options: { readonly isLenient: boolean }): string {
    return this.#add(schema, {
      field,
      root: isObject(schema) ? schema : {},
      depth: 0,
      isLenient: options.isLenient,
    });
  }

  /** Adds a rule of the caller's own and returns its name. */
  addRule(body: string): string {
    return this.#rule(body);
  }

  /** The whole grammar. */
  build(root: string): string {
    const lines = [`root ::= ${root}`];
    for (const [name, body] of this.#rules) lines.push(`${name} ::= ${body}`);
    for (const [name, body] of Object.entries(basics)) lines.push(`${name} ::= ${body}`);
    return lines.join("\n");
  }

  #rule(body: string): string {
    this.#next += 1;
    const name = `r${this.#next}`;
    this.#rules.set(name, body);
    return name;
  }

  #add(schema: Json, place: Place): string {
    if (place.depth > maxDepth)
      throw invalid(place.field, `The schema '${place.field}' is nested too deeply.`);
    if (schema === true) return "value";
    if (!isObject(schema)) throw invalid(place.field, `'${place.field}' is not a JSON Schema.`);
    if (schema["$ref"] !== undefined) return this.#addReference(schema["$ref"], place);
    if (schema["const"] !== undefined) return this.#rule(terminal(JSON.stringify(schema["const"])));
    if (schema["enum"] !== undefined) return this.#addEnum(schema["enum"], place);
    const alternatives = schema["anyOf"] ?? schema["oneOf"];
    if (alternatives !== undefined) return this.#addAlternatives(alternatives, place);
    if (isArray(schema["allOf"]) && schema["allOf"].length === 1)
      return this.#add(schema["allOf"][0] ?? true, deeper(place, "allOf[0]"));
    return this.#addTyped(schema, place);
  }

  #addReference(reference: Json, place: Place): string {
    const target = typeof reference === "string" ? resolvePointer(place.root, reference) : undefined;
    if (target === undefined) {
      throw invalid(`${place.field}.$ref`, `'${place.field}.$ref' points to nothing inside the schema.`);
    }
    const known = this.#references.get(target);
    if (known !== undefined) return known;
    const name = this.#rule("value");
    this.#references.set(target, name);
    this.#rules.set(
      name,
      this.#add(target, { ...place, field: `${place.field}.$ref`, depth: place.depth + 1 }),
    );
    return name;
  }

  #addEnum(values: Json, place: Place): string {
    if (!isArray(values) || values.length === 0)
      throw invalid(`${place.field}.enum`, `'${place.field}.enum' must list at least one value.`);
    return this.#rule(values.map((value) => terminal(JSON.stringify(value))).join(" | "));
  }

  #addAlternatives(schemas: Json, place: Place): string {
    if (!isArray(schemas) || schemas.length === 0)
      throw invalid(place.field, `'${place.field}' must list at least one alternative.`);
    return this.#rule(
      schemas.map((schema, index) => this.#add(schema, deeper(place, `anyOf[${index}]`))).join(" | "),
    );
  }

  #addTyped(schema: JsonObject, place: Place): string {
    const types = typesOf(schema);
    if (types.length === 0) {
      this.#refuseUnknown(schema, enforced.other, place);
      return "value";
    }
    if (types.length > 1)
      return this.#rule(types.map((type) => this.#addType(type, schema, place)).join(" | "));
    return this.#addType(types[0] ?? "", schema, place);
  }

  #addType(type: string, schema: JsonObject, place: Place): string {
    const isUnion = isArray(schema["type"]);
    switch (type) {
      case "object":
        if (!isUnion) this.#refuseUnknown(schema, enforced.object, place);
        return this.#addObject(schema, place);
      case "array":
        if (!isUnion) this.#refuseUnknown(schema, enforced.array, place);
        return this.#addArray(schema, place);
      case "string":
        if (!isUnion) this.#refuseUnknown(schema, enforced.string, place);
        return this.#addString(schema, place);
      case "integer":
      case "number":
      case "boolean":
      case "null":
        if (!isUnion) this.#refuseUnknown(schema, enforced.other, place);
        return type;
      default:
        throw invalid(`${place.field}.type`, `'${place.field}.type' is not a type of JSON Schema.`);
    }
  }

  #refuseUnknown(schema: JsonObject, known: ReadonlySet<string>, place: Place): void {
    if (place.isLenient) return;
    for (const key of Object.keys(schema)) {
      if (known.has(key) || annotations.has(key)) continue;
      const field = `${place.field}.${key}`;
      throw unsupported(
        field,
        `The local engine cannot enforce '${field}'. Leave the keyword out, or describe it in words.`,
      );
    }
  }

  #addObject(schema: JsonObject, place: Place): string {
    const properties = Object.entries(isObject(schema["properties"]) ? schema["properties"] : {});
    const additional = schema["additionalProperties"];
    if (properties.length === 0 && additional === undefined) return "object";
    const required = new Set(isArray(schema["required"]) ? schema["required"] : []);
    const extra =
      additional === undefined || additional === false
        ? undefined
        : this.#add(additional, deeper(place, "additionalProperties"));
    const members = properties.map(([name, value]) => ({
      rule: this.#rule(
        `${terminal(`${JSON.stringify(name)}:`)} ws ${this.#add(value, deeper(place, `properties.${name}`))}`,
      ),
      isRequired: required.has(name),
    }));
    return this.#rule(`"{" ws ${this.#members(members, extra)} ws "}"`);
  }

  /** For each property two rules for what follows: one after a member (a comma is due), one before the first. */
  #members(
    members: readonly { readonly rule: string; readonly isRequired: boolean }[],
    extra: string | undefined,
  ): string {
    const pair = extra === undefined ? '""' : this.#rule(`string ":" ws ${extra}`);
    let afterMember = extra === undefined ? '""' : this.#rule(`("," ws ${pair})*`);
    let atStart = extra === undefined ? '""' : this.#rule(`(${pair} ("," ws ${pair})*)?`);
    for (const member of members.toReversed()) {
      const next = `${member.rule} ${afterMember}`;
      const skipAfter = afterMember;
      afterMember = this.#rule(member.isRequired ? `"," ws ${next}` : `"," ws ${next} | ${skipAfter}`);
      atStart = this.#rule(member.isRequired ? next : `${next} | ${atStart}`);
    }
    return atStart;
  }

  #addArray(schema: JsonObject, place: Place): string {
    const minimum = this.#bound(schema, "minItems", place) ?? 0;
    const maximum = this.#bound(schema, "maxItems", place);
    const fixed = isArray(schema["prefixItems"]) ? schema["prefixItems"] : [];
    if (fixed.length > 0) return this.#addTuple(schema, fixed, place);
    const item = schema["items"] === undefined ? "value" : this.#add(schema["items"], deeper(place, "items"));
    if (maximum === 0) return this.#rule('"[" ws "]"');
    const rest = `("," ws ${item}){${Math.max(0, minimum - 1)},${maximum === undefined ? "" : maximum - 1}}`;
    return this.#rule(minimum === 0 ? `"[" ws (${item} ${rest})? ws "]"` : `"[" ws ${item} ${rest} ws "]"`);
  }

  #addTuple(schema: JsonObject, fixed: readonly Json[], place: Place): string {
    const items = fixed.map((item, index) => this.#add(item, deeper(place, `prefixItems[${index}]`)));
    const open = schema["items"] === undefined || schema["items"] === false;
    const rest = open ? "" : ` ("," ws ${this.#add(schema["items"] ?? true, deeper(place, "items"))})*`;
    return this.#rule(`"[" ws ${items.join(' "," ws ')}${rest} ws "]"`);
  }

  #addString(schema: JsonObject, place: Place): string {
    const format = schema["format"];
    if (format !== undefined) {
      const rule = typeof format === "string" ? formats[format] : undefined;
      if (rule !== undefined) return rule;
      if (!place.isLenient) {
        throw unsupported(
          `${place.field}.format`,
          `The local engine knows the formats ${Object.keys(formats).join(", ")} only.`,
        );
      }
    }
    const minimum = this.#bound(schema, "minLength", place) ?? 0;
    const maximum = this.#bound(schema, "maxLength", place);
    if (minimum === 0 && maximum === undefined) return "string";
    return this.#rule(`"\\"" char{${minimum},${maximum ?? ""}} "\\""`);
  }

  #bound(schema: JsonObject, key: string, place: Place): number | undefined {
    const value = schema[key];
    if (value === undefined) return undefined;
    const field = `${place.field}.${key}`;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0)
      throw invalid(field, `'${field}' must be an integer of at least 0.`);
    if (value <= maxRepetition) return value;
    if (place.isLenient) return undefined;
    throw unsupported(field, `The local engine can enforce '${field}' up to ${maxRepetition}.`);
  }
}

function typesOf(schema: JsonObject): readonly string[] {
  const type = schema["type"];
  if (typeof type === "string") return [type];
  if (isArray(type)) return type.filter((item) => typeof item === "string");
  if (schema["properties"] !== undefined) return ["object"];
  if (schema["items"] !== undefined || schema["prefixItems"] !== undefined) return ["array"];
  return [];
}

function resolvePointer(root: JsonObject, reference: string): Json | undefined {
  if (!reference.startsWith("#")) return undefined;
  let target: Json | undefined = root;
  for (const part of reference.slice(1).split("/").slice(1)) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    target = isObject(target) && Object.hasOwn(target, key) ? target[key] : undefined;
  }
  return target;
}

function deeper(place: Place, step: string): Place {
  return { ...place, field: `${place.field}.${step}`, depth: place.depth + 1 };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
