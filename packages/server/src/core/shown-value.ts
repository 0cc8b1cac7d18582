import { type Json, type JsonObject, Secret } from "@llm-platform/kit";

/** In the place of a secret. */
export const secretMark = "[secret]";
/** In the place of what no schema describes: it may be anything, also a secret. */
export const undescribedMark = "[not shown]";

const longestText = 4_096;
const longestValue = 65_536;
const deepest = 24;
/** User name and password in an address, and what stands in its query. */
const addressCredentials = /([a-z][a-z0-9+.-]*:\/\/)[^/?#\s@]*@/gi;
const addressQuery = /([a-z][a-z0-9+.-]*:\/\/[^\s?#]*\?)[^\s#]+/gi;

/**
 * A value as it may be kept and shown: what its JSON Schema describes, and nothing else. A `Secret`, and what the
 * schema gives the format `secret`, become `[secret]`. What the schema does not describe is left out by a mark,
 * since nothing says that it is no secret.
 */
export function showBySchema(value: unknown, schema: JsonObject): Json {
  return show(value, { schemas: [schema], root: schema, depth: 0 });
}

/** Secrets that stand in a value: each `Secret`, what the schema gives the format `secret`, and passwords in addresses. */
export function findSecrets(value: unknown, schema: JsonObject): readonly string[] {
  return find(value, { schemas: [schema], root: schema, depth: 0 });
}

/** A value as it is, or how long it is where that is more than a record should hold. */
export function boundShown(value: Json): Json {
  const { length } = JSON.stringify(value);
  return length > longestValue ? { omitted_characters: length } : value;
}

interface View {
  /** All that may describe the value. */
  readonly schemas: readonly JsonObject[];
  readonly root: JsonObject;
  readonly depth: number;
}

function show(value: unknown, view: View): Json {
  if (value instanceof Secret) return secretMark;
  if (value === null || value === undefined) return null;
  const leaves = toLeaves(view);
  if (leaves.some(({ format }) => format === "secret")) return secretMark;
  if (leaves.length === 0 || view.depth > deepest) return undescribedMark;
  const within = (schemas: readonly JsonObject[]): View => ({ ...view, schemas, depth: view.depth + 1 });
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.map((item, index) => show(item, within(leaves.flatMap((leaf) => itemSchemas(leaf, index)))));
  }
  if (typeof value === "object") {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(
      members.map(([name, member]) => [
        name,
        show(member, within(leaves.flatMap((leaf) => memberSchemas(leaf, name)))),
      ]),
    );
  }
  return leaves.some((leaf) => describes(leaf, value)) ? toScalar(value) : undescribedMark;
}

function find(value: unknown, view: View): readonly string[] {
  if (value instanceof Secret) return [value.reveal()];
  if (view.depth > deepest) return [];
  const leaves = toLeaves(view);
  const isSecret = leaves.some(({ format }) => format === "secret");
  const within = (schemas: readonly JsonObject[]): View => ({
    ...view,
    schemas: isSecret ? leaves : schemas,
    depth: view.depth + 1,
  });
  if (typeof value === "string") return isSecret ? [value] : passwordsIn(value);
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.flatMap((item, index) =>
      find(item, within(leaves.flatMap((leaf) => itemSchemas(leaf, index)))),
    );
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    find(member, within(leaves.flatMap((leaf) => memberSchemas(leaf, name)))),
  );
}

function passwordsIn(text: string): readonly string[] {
  if (!URL.canParse(text)) return [];
  const { password } = new URL(text);
  return [password, decodeOrKeep(password)];
}

function decodeOrKeep(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign stands for itself.
    return text;
  }
}

/** The schemas without their references and alternatives. */
function toLeaves({ schemas, root }: View, depth = 0): readonly JsonObject[] {
  if (depth > deepest) return [];
  return schemas.flatMap((schema) => {
    const parts = [schema["anyOf"], schema["oneOf"], schema["allOf"]].flatMap(toSchemas);
    const referred = resolve(schema["$ref"], root);
    const others = [...parts, ...(referred === undefined ? [] : [referred])];
    return [schema, ...(others.length === 0 ? [] : toLeaves({ schemas: others, root, depth: 0 }, depth + 1))];
  });
}

/** What `#`, `#/$defs/name` or another path in the same document stands for. */
function resolve(reference: Json | undefined, root: JsonObject): JsonObject | undefined {
  if (typeof reference !== "string" || !reference.startsWith("#")) return undefined;
  const found = reference
    .slice(1)
    .split("/")
    .filter((part) => part !== "")
    .reduce<Json | undefined>((node, part) => (isObject(node) ? node[part] : undefined), root);
  return isObject(found) ? found : undefined;
}

function memberSchemas(leaf: JsonObject, name: string): readonly JsonObject[] {
  const { properties } = leaf;
  const own = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return toSchemas(own ?? leaf["additionalProperties"]);
}

function itemSchemas(leaf: JsonObject, index: number): readonly JsonObject[] {
  const first = leaf["prefixItems"];
  const own: Json | undefined = Array.isArray(first) ? first[index] : undefined;
  return toSchemas(own ?? leaf["items"]);
}

function describes(leaf: JsonObject, value: unknown): boolean {
  const { type } = leaf;
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  return types.includes(typeof value) || (types.includes("integer") && typeof value === "number");
}

function toScalar(value: unknown): Json {
  if (typeof value === "number" || typeof value === "boolean") return value;
  const text = String(value)
    .replaceAll(addressCredentials, `$1${secretMark}@`)
    .replaceAll(addressQuery, `$1${secretMark}`);
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}

function toSchemas(value: Json | undefined): readonly JsonObject[] {
  if (Array.isArray(value)) return value.filter(isObject);
  return isObject(value) ? [value] : [];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
