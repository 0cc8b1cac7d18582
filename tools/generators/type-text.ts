/** What is read of a JSON Schema. */
export interface DescribedType {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly DescribedType[];
  readonly oneOf?: readonly DescribedType[];
  readonly items?: DescribedType;
  readonly properties?: Readonly<Record<string, DescribedType>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | DescribedType;
}

/** A JSON Schema as a type of TypeScript. What refers to itself is `unknown`. */
export function typeText(schema: DescribedType): string {
  const { type, anyOf, oneOf, items } = schema;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return unionText(schema.enum.map((value) => JSON.stringify(value)));
  const several = anyOf ?? oneOf;
  if (several !== undefined) return unionText(several.map(typeText));
  if (Array.isArray(type)) return unionText(type.map((each: string) => typeText({ ...schema, type: each })));
  switch (type) {
    case "string":
    case "boolean":
    case "null":
      return type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return `readonly (${items === undefined ? "unknown" : typeText(items)})[]`;
    case "object":
      return objectText(schema);
    default:
      return "unknown";
  }
}

function unionText(texts: readonly string[]): string {
  const different = [...new Set(texts)];
  return different.includes("unknown") ? "unknown" : different.join(" | ");
}

function objectText({ properties = {}, required = [], additionalProperties }: DescribedType): string {
  const members = Object.entries(properties).map(([name, member]) => {
    const isRequired = required.includes(name);
    return `readonly ${JSON.stringify(name)}${isRequired ? "" : "?"}: ${typeText(member)}${isRequired ? "" : " | undefined"};`;
  });
  if (members.length > 0) return `{ ${members.join(" ")} }`;
  if (typeof additionalProperties === "object")
    return `Readonly<Record<string, ${typeText(additionalProperties)}>>`;
  return additionalProperties === false
    ? "Readonly<Record<string, never>>"
    : "Readonly<Record<string, unknown>>";
}
