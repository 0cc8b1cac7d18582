import { PlatformError } from "@llm-platform/kit";
import type * as z from "zod";
import { invalid, unsupported } from "./engine-failure.ts";

/**
 * Parses a request body against a strict schema.
 *
 * A `null` at the top level means absent, as in OpenAI's API.
 * @throws PlatformError `invalid_request` for a wrong value, `unsupported_parameter` for an unknown field;
 * both name the field.
 */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(withoutNulls(body));
  if (result.success) return result.data;
  throw toError(deepest(result.error.issues));
}

/** Parses the text of a body. Throws PlatformError `invalid_request`. */
export function parseJsonBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PlatformError("invalid_request", "The request body is not valid JSON.", { cause: error });
  }
}

/** `messages[0].content` for `["messages", 0, "content"]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? String(part) : `.${String(part)}`;
  }
  return text;
}

function withoutNulls(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

type Issue = z.core.$ZodIssue;

/** The issue to tell: of a union's branches the one that got furthest, because it is the one that was meant. */
function deepest(issues: readonly Issue[], prefix: readonly PropertyKey[] = []): Issue {
  const [first] = issues;
  if (first === undefined)
    return { code: "custom", message: "Invalid input", path: [...prefix], input: undefined };
  const path = [...prefix, ...first.path];
  if (first.code !== "invalid_union" || first.errors.length === 0) return { ...first, path };
  const candidates = first.errors.map((branch) => deepest(branch, path));
  candidates.sort((a, b) => b.path.length - a.path.length);
  const [best] = candidates;
  return best === undefined || best.path.length === path.length ? { ...first, path, errors: [] } : best;
}

function toError(issue: Issue): PlatformError {
  if (issue.code === "unrecognized_keys") {
    const field = formatPath([...issue.path, issue.keys[0] ?? ""]);
    return unsupported(field, `The field '${field}' is not supported by the local engine. Leave it out.`);
  }
  const field = formatPath(issue.path);
  const subject = field === "" ? "The request body" : `The field '${field}'`;
  return invalid(field, `${subject} is not valid: ${issue.message}.`);
}
