import { PlatformError } from "@llm-platform/kit";
import type { z } from "zod";

/**
 * Checks a request, or a part of one, against a strict schema. A null member of the value itself stands for one that is not there.
 * @param path what stands before a field's name in `field`, for example `input[0]`
 * @throws PlatformError `unsupported_parameter` for a field that the schema does not know, else `invalid_request`; both name it
 */
export function parseFields<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  path = "",
): z.output<Schema> {
  const result = schema.safeParse(withoutNulls(value));
  if (result.success) return result.data;
  throw toError(deepest(result.error.issues), path);
}

type Issue = z.core.$ZodIssue;

function withoutNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

/** The issue to tell: of a union's branches the one that got furthest, because it is the one that was meant. */
function deepest(issues: readonly Issue[], prefix: readonly PropertyKey[] = []): Issue {
  const [first] = issues;
  if (first === undefined)
    return { code: "custom", message: "not valid", path: [...prefix], input: undefined };
  const path = [...prefix, ...first.path];
  if (first.code !== "invalid_union" || first.errors.length === 0) return { ...first, path };
  const candidates = first.errors.map((branch) => deepest(branch, path));
  candidates.sort((a, b) => b.path.length - a.path.length);
  const [best] = candidates;
  return best === undefined || best.path.length === path.length ? { ...first, path, errors: [] } : best;
}

function toError(issue: Issue, prefix: string): PlatformError {
  if (issue.code === "unrecognized_keys") {
    const field = formatPath([...issue.path, issue.keys[0] ?? ""], prefix);
    return unsupportedField(field, "Leave it out.");
  }
  const field = formatPath(issue.path, prefix);
  const subject = field === "" ? "The request body" : `\`${field}\``;
  return new PlatformError(
    "invalid_request",
    `${subject} is not valid: ${issue.message}.`,
    field === "" ? {} : { field },
  );
}

/** `messages[0].content` for `["messages", 0, "content"]`. */
function formatPath(path: readonly PropertyKey[], prefix: string): string {
  let text = prefix;
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? String(part) : `.${String(part)}`;
  }
  return text;
}

/** The error for a field that no model behind the platform can be told. */
export function unsupportedField(field: string, advice: string): PlatformError {
  return new PlatformError(
    "unsupported_parameter",
    `\`${field}\` is not supported here as given. ${advice}`,
    {
      field,
    },
  );
}

/** The error for a field whose value cannot be right. */
export function invalidField(field: string, expected: string): PlatformError {
  return new PlatformError("invalid_request", `\`${field}\` must be ${expected}.`, { field });
}
