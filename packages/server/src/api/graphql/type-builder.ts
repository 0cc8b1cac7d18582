import {
  GraphQLBoolean,
  GraphQLEnumType,
  type GraphQLFieldConfigArgumentMap,
  type GraphQLFieldConfigMap,
  GraphQLFloat,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLList,
  type GraphQLLeafType,
  GraphQLNonNull,
  type GraphQLNullableInputType,
  type GraphQLNullableOutputType,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLScalarType,
  GraphQLString,
} from "graphql";
import type { DescribedSchema } from "./described-schema.ts";
import type { GraphCall } from "./graph-call.ts";
import { toEnumName, toFieldName, toTypeName } from "./names.ts";
import { enumerations, likenesses, renamedMembers } from "./type-names.ts";

export type Fields = GraphQLFieldConfigMap<unknown, GraphCall>;

export interface TypeBuilderParts {
  /** The name of a schema's type, where it has one; other types are named after where they are met first. */
  nameOf(origin: number): string | undefined;
  /** What a type has beside the members of its schema. */
  fieldsOf(typeName: string): Fields;
}

/** Makes types of schemas: each named type once. */
export class TypeBuilder {
  readonly json = new GraphQLScalarType({ name: "JSON", description: "Any JSON value." });
  readonly #parts: TypeBuilderParts;
  readonly #enums = new Map<string, GraphQLEnumType>();
  readonly #objects = new Map<string, GraphQLObjectType>();
  readonly #names = new Map<number, string>();

  constructor(parts: TypeBuilderParts) {
    this.#parts = parts;
  }

  /** The type of what is answered. @param path names it where nothing else does */
  output(schema: DescribedSchema, path: string): GraphQLOutputType {
    const type = this.#output(schema, path);
    return schema.isNullable ? type : new GraphQLNonNull(type);
  }

  /** The object type of a schema that is one. Throws for any other. */
  object(schema: DescribedSchema, path: string): GraphQLObjectType {
    if (schema.kind !== "object") throw new Error(`${path} is no object`);
    const name = this.#parts.nameOf(schema.origin) ?? this.#names.get(schema.origin) ?? toTypeName(path);
    this.#names.set(schema.origin, name);
    const known = this.#objects.get(name);
    if (known !== undefined) return known;
    const type = new GraphQLObjectType<unknown, GraphCall>({
      name,
      description: schema.description,
      fields: () => ({ ...this.#members(schema, name), ...this.#parts.fieldsOf(name) }),
    });
    this.#objects.set(name, type);
    return type;
  }

  /** The type of a value that is asked with. */
  input(schema: DescribedSchema, path: string): GraphQLNullableInputType {
    switch (schema.kind) {
      case "object":
        return new GraphQLInputObjectType({
          name: toTypeName(path),
          description: schema.description,
          fields: () => this.inputMembers(schema, path),
        });
      case "list":
        return new GraphQLList(new GraphQLNonNull(this.input(elementOf(schema, path), path)));
      default:
        return this.#leaf(schema, path);
    }
  }

  /** The members of an object that is asked with, as arguments or as fields of an input. */
  inputMembers(schema: DescribedSchema, path: string): GraphQLFieldConfigArgumentMap {
    return Object.fromEntries(
      [...schema.members].map(([name, { schema: member, isRequired }]) => {
        const type = this.input(member, `${path}.${name}`);
        const isNeeded = isRequired && !member.isNullable && member.standard === undefined;
        const description = describeInput(member);
        return [
          toFieldName(name),
          { type: isNeeded ? new GraphQLNonNull(type) : type, description },
        ] as const;
      }),
    );
  }

  #members(schema: DescribedSchema, typeName: string): Fields {
    return Object.fromEntries(
      [...schema.members].map(([name, { schema: member, isRequired }]) => {
        const type = this.#output(member, `${typeName}.${name}`);
        const isThere = isRequired && !member.isNullable;
        return [
          renamedMembers[`${likenesses[typeName] ?? typeName}.${name}`] ?? toFieldName(name),
          {
            type: isThere ? new GraphQLNonNull(type) : type,
            description: member.description,
            resolve: (source: unknown) => memberOf(source, name),
          },
        ] as const;
      }),
    );
  }

  #output(schema: DescribedSchema, path: string): GraphQLNullableOutputType {
    switch (schema.kind) {
      case "object":
        return this.object(schema, path);
      case "list":
        return new GraphQLList(this.output(elementOf(schema, path), path));
      default:
        return this.#leaf(schema, path);
    }
  }

  #leaf(schema: DescribedSchema, path: string): GraphQLLeafType {
    switch (schema.kind) {
      case "enum":
        return this.#enum(schema, path);
      case "integer":
        return GraphQLInt;
      case "number":
        return GraphQLFloat;
      case "boolean":
        return GraphQLBoolean;
      case "string":
        return GraphQLString;
      default:
        return this.json;
    }
  }

  /** Of the same values there is one enumeration. */
  #enum({ values }: DescribedSchema, path: string): GraphQLLeafType {
    const known = this.#enums.get(values.join());
    if (known !== undefined) return known;
    const names = new Set(values.map(toEnumName));
    if (names.size < values.length || names.has("") || names.has("_")) return GraphQLString;
    const shared = Object.keys(enumerations).find((name) => enumerations[name]?.join() === values.join());
    const type = new GraphQLEnumType({
      name: shared ?? toTypeName(path),
      values: Object.fromEntries(values.map((value) => [toEnumName(value), { value }])),
    });
    this.#enums.set(values.join(), type);
    return type;
  }
}

function elementOf({ element }: DescribedSchema, path: string): DescribedSchema {
  if (element !== undefined) return element;
  throw new Error(`the list ${path} has no elements`);
}

/** What stands for an absent value is told, and left to the operation. */
function describeInput({ description, standard }: DescribedSchema): string | undefined {
  if (standard === undefined || standard === "" || description?.includes("Default") === true)
    return description;
  const told = `Default: ${JSON.stringify(standard)}.`;
  return description === undefined ? told : `${description} ${told}`;
}

/** A member of a value of unknown form; undefined where there is none. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
