import { z } from "zod";

/** A schema as far as types are made of it. */
export interface DescribedSchema {
  readonly kind: "object" | "list" | "enum" | "integer" | "number" | "boolean" | "string" | "json";
  readonly isNullable: boolean;
  readonly description: string | undefined;
  /** Of an object, under their own names. */
  readonly members: ReadonlyMap<string, DescribedMember>;
  /** Of a list. */
  readonly element: DescribedSchema | undefined;
  /** Of an enumeration. */
  readonly values: readonly string[];
  /** What stands for it where it is absent. */
  readonly standard: unknown;
  /** The number of the schema that it was read from: what is met in two places has one type. */
  readonly origin: number;
}

export interface DescribedMember {
  readonly schema: DescribedSchema;
  readonly isRequired: boolean;
}

/** Where a described schema has its number. */
const originKey = "x-origin";
const largestInt = 2_147_483_647;

/** Reads what schemas take (`input`) or give (`output`), from what they say as JSON Schema. */
export class SchemaReader {
  readonly #origins = new Map<z.core.$ZodType, number>();

  read(schema: z.ZodType, io: "input" | "output"): DescribedSchema {
    const described = z.toJSONSchema(schema, {
      io,
      unrepresentable: "any",
      override: ({ zodSchema, jsonSchema }) => {
        jsonSchema[originKey] = this.#numberOf(originOf(zodSchema));
      },
    });
    return read(described);
  }

  #numberOf(schema: z.core.$ZodType): number {
    const known = this.#origins.get(schema) ?? this.#origins.size + 1;
    this.#origins.set(schema, known);
    return known;
  }
}

/** The schema as it was before `describe` and `meta` made copies of it. */
function originOf(schema: z.core.$ZodType): z.core.$ZodType {
  const { parent } = schema._zod;
  return parent === undefined ? schema : originOf(parent);
}

type Described = z.core.JSONSchema.BaseSchema;

function read(schema: Described): DescribedSchema {
  const choices = schema.anyOf;
  if (choices !== undefined) return readChoices(schema, choices);
  const types = [schema.type ?? []].flat();
  const [type, ...others] = types.filter((each) => each !== "null");
  const isNullable = types.length > 0 && types.length > others.length + 1;
  const plain = { ...facts(schema), isNullable };
  if (type === undefined || others.length > 0) return { ...plain, kind: "json", isNullable: true };
  switch (type) {
    case "object":
      return readObject(schema, plain);
    case "array":
      return { ...plain, kind: "list", element: read(toSchema([schema.items ?? {}].flat()[0])) };
    case "string":
      return readString(schema, plain);
    case "integer":
      return { ...plain, kind: (schema.maximum ?? Infinity) <= largestInt ? "integer" : "number" };
    case "number":
      return { ...plain, kind: "number" };
    case "boolean":
      return { ...plain, kind: "boolean" };
    default:
      return { ...plain, kind: "json", isNullable: true };
  }
}

/** One schema or nothing is that schema; several are whatever they are. */
function readChoices(schema: Described, choices: readonly Described[]): DescribedSchema {
  const [one, ...others] = choices.filter(({ type }) => type !== "null");
  const isNullable = choices.length > others.length + 1;
  const { description, standard } = facts(schema);
  // In a query of REST a boolean is a text.
  if (one?.type === "boolean" && others.every(({ type }) => type === "string"))
    return { ...facts(schema), kind: "boolean", isNullable };
  if (one === undefined || others.length > 0)
    return { ...facts(schema), kind: "json", isNullable: true, description };
  const inner = read(one);
  return {
    ...inner,
    isNullable: isNullable || inner.isNullable,
    description: description ?? inner.description,
    standard: standard ?? inner.standard,
  };
}

type Plain = Omit<DescribedSchema, "kind">;

function facts(schema: Described): Plain {
  return {
    isNullable: false,
    description: schema.description,
    members: new Map(),
    element: undefined,
    values: [],
    standard: schema.default,
    origin: Number(schema[originKey]),
  };
}

/** An object without members of its own is a dictionary: any JSON. */
function readObject(schema: Described, plain: Plain): DescribedSchema {
  const members = Object.entries(schema.properties ?? {});
  if (members.length === 0 && schema.additionalProperties !== false) return { ...plain, kind: "json" };
  const required = new Set(schema.required);
  return {
    ...plain,
    kind: "object",
    members: new Map(
      members.map(([name, member]) => [
        name,
        { schema: read(toSchema(member)), isRequired: required.has(name) },
      ]),
    ),
  };
}

function readString(schema: Described, plain: Plain): DescribedSchema {
  const values = schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
  const texts = values.filter((value) => typeof value === "string");
  return texts.length === 0 ? { ...plain, kind: "string" } : { ...plain, kind: "enum", values: texts };
}

function toSchema(schema: boolean | Described | undefined): Described {
  return typeof schema === "object" ? schema : {};
}
