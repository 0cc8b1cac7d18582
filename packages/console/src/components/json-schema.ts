/** What is read of a JSON Schema to draw a form. */
export interface FieldSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  /** `secret` for what is never shown. */
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly FieldSchema[];
  readonly items?: FieldSchema;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** How a field is drawn. */
export type FieldKind = "text" | "secret" | "url" | "number" | "yes_no" | "choice" | "lines" | "json";

/** The kind that fits a schema; what no field can be drawn for is written as JSON. */
export function kindOf(schema: FieldSchema): FieldKind {
  const { type, format, enum: values, items } = plainSchema(schema);
  if (values !== undefined && values.every((value) => typeof value === "string")) return "choice";
  switch (type) {
    case "string":
      if (format === "secret") return "secret";
      return format === "uri" ? "url" : "text";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "yes_no";
    case "array":
      return items?.type === "string" ? "lines" : "json";
    default:
      return "json";
  }
}

/** Without the side that only says that it may be null. */
export function plainSchema(schema: FieldSchema): FieldSchema {
  const sides = schema.anyOf?.filter(({ type }) => type !== "null") ?? [];
  const [only] = sides;
  return sides.length === 1 && only !== undefined ? { ...schema, ...only } : schema;
}

/** A value as it stands in a field. */
export function toFieldText(kind: FieldKind, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (kind === "lines" && Array.isArray(value)) return value.map(String).join("\n");
  if (kind === "json") return JSON.stringify(value, null, 2);
  return typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value);
}

/** What somebody has typed as a value; undefined for nothing. Throws SyntaxError for JSON that is none. */
export function fromFieldText(kind: FieldKind, text: string): unknown {
  if (text.trim() === "") return undefined;
  switch (kind) {
    case "number":
      return Number(text);
    case "lines":
      return text
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "");
    case "json":
      return JSON.parse(text);
    default:
      return text;
  }
}
