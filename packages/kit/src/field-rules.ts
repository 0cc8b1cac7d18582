import { isDeepStrictEqual } from "node:util";
import type { Json, JsonObject } from "./chat.ts";
import { PlatformError } from "./errors.ts";

/** What a codec does with one field of a request. */
export type FieldRule =
  /** Said in the words of the other side. */
  | { readonly kind: "mapped" }
  /** Taken and left out: it cannot change the reply, or the platform itself acts on it. */
  | { readonly kind: "harmless" }
  /** Taken with the values that say what the other side does anyway, refused with any other. */
  | { readonly kind: "only"; readonly values: readonly Json[] }
  /** The other side cannot do it. `instead` tells the caller what to do. */
  | { readonly kind: "refused"; readonly instead?: string };

export type FieldRules = Readonly<Record<string, FieldRule>>;

export const mapped: FieldRule = { kind: "mapped" };
export const harmless: FieldRule = { kind: "harmless" };
export const refused: FieldRule = { kind: "refused" };

export function only(...values: readonly Json[]): FieldRule {
  return { kind: "only", values };
}

export function refusedFor(instead: string): FieldRule {
  return { kind: "refused", instead };
}

/** A field that cannot be honoured, and what to do about it in one sentence. */
export interface RefusedField {
  readonly field: string;
  readonly advice: string;
}

/**
 * The first field of `object` that its rule does not let pass; undefined when all can be honoured. A null stands for a
 * field that is not there, and a field without a rule is refused.
 * @param path what stands before a field's name, e.g. `messages[0].`
 */
export function findRefusedField(object: JsonObject, rules: FieldRules, path = ""): RefusedField | undefined {
  for (const [name, value] of Object.entries(object)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    const advice = adviceFor(rule, value);
    if (advice !== undefined) return { field: `${path}${name}`, advice };
  }
  return undefined;
}

function adviceFor(rule: FieldRule | undefined, value: Json): string | undefined {
  if (rule === undefined) return "it is not known. Leave it out.";
  if (value === null || rule.kind === "mapped" || rule.kind === "harmless") return undefined;
  if (rule.kind === "refused") return rule.instead ?? "Leave it out.";
  if (rule.values.some((allowed) => isDeepStrictEqual(allowed, value))) return undefined;
  const list = rule.values.map((allowed) => JSON.stringify(allowed)).join(" or ");
  return `Only ${list} is possible.`;
}

/** The error for a field whose value cannot be right anywhere. */
export function invalidField(field: string, expected: string): PlatformError {
  return new PlatformError("invalid_request", `\`${field}\` must be ${expected}.`, { field });
}
