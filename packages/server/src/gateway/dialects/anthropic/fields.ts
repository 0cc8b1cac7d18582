import { type FieldRules, findRefusedField, type JsonObject, PlatformError } from "@llm-platform/kit";

/** Refuses the first field that cannot be honoured. Throws PlatformError `unsupported_parameter`. */
export function requireFields(object: JsonObject, rules: FieldRules, path = ""): void {
  const found = findRefusedField(object, rules, path);
  if (found !== undefined) throw unsupported(found.field, found.advice);
}

/** The error for a field that a model of another provider cannot be told. */
export function unsupported(field: string, advice: string): PlatformError {
  const message = `The model is not called in Anthropic's dialect, and \`${field}\` is not supported as given: ${advice}`;
  return new PlatformError("unsupported_parameter", message, { field });
}
