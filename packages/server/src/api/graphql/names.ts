/** Names as GraphQL has them: of the same words as everywhere else, joined as there is usual. */

/** Fields of the graph that are named after what they are, and not after their operation. */
const rootFields: Readonly<Record<string, string>> = {
  "integrations.status": "integration",
  "models.show": "modelDetails",
  "models.loaded": "loadedModels",
  "models.settings.get": "modelSettings",
  "usage.list": "attempts",
  "usage.sum": "usage",
  "audit.list": "auditRecords",
  "system.info": "system",
  "access.whoami": "me",
};

/** `keys.create` is `keysCreate`, `keys.list` is `keys`, `keys.get` is `key`. */
export function rootFieldName(operation: string): string {
  const named = rootFields[operation];
  if (named !== undefined) return named;
  const [noun = "", verb = ""] = operation.split(".");
  if (verb === "list") return toFieldName(noun);
  if (verb === "get" && noun.endsWith("s")) return toFieldName(noun.slice(0, -1));
  return toFieldName(operation);
}

/** `restart_all` is `restartAll`; a path stays one: `retry.max_backoff` is `retryMaxBackoff`. */
export function toFieldName(text: string): string {
  const name = toTypeName(text);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** `usage.sum` is `UsageSum`. */
export function toTypeName(text: string): string {
  return text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** `models.read` is `MODELS_READ`, and `24h` is `_24H`, because a digit begins no name. */
export function toEnumName(value: string): string {
  const name = value.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
  return /^\d/.test(name) ? `_${name}` : name;
}
