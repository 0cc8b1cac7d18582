import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { scanJsonObject } from "../../wire/json-scan.ts";
import type { PersistedOperations } from "./persisted-operations.ts";

/** What is asked of the graph (GraphQL over HTTP, "Request"). */
export interface GraphRequest {
  readonly text: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

const jsonLimits = { maxDepth: 64, maxNodes: 200_000 };

const dictionary = z.record(z.string(), z.unknown());
const requestSchema = z.object({
  query: z.string().nullish(),
  documentId: z.string().max(256).nullish(),
  operationName: z.string().nullish(),
  variables: dictionary.nullish(),
  extensions: z
    .looseObject({ persistedQuery: z.looseObject({ sha256Hash: z.string().max(256) }).optional() })
    .nullish(),
});

/** Reads the body of a request. Throws PlatformError `invalid_request`. */
export function parseGraphRequest(body: Buffer, persisted: PersistedOperations): GraphRequest {
  if (/^\s*\[/.test(body.toString("latin1", 0, longestBlank)))
    throw wrong("Several requests in one are not accepted. Send each by itself.");
  const problem = scanJsonObject(body, { start: 0, end: body.length }, jsonLimits);
  if (problem === "too_deep") throw wrong(`The body is nested more than ${jsonLimits.maxDepth} levels deep.`);
  if (problem !== undefined) throw wrong("The body must be one JSON object.");
  return readGraphRequest(parseJson(body.toString("utf8")), persisted);
}

/** Blanks that a body is looked through for what it begins with. */
const longestBlank = 64;

/** The same of a message that is JSON already. */
export function readGraphRequest(message: unknown, persisted: PersistedOperations): GraphRequest {
  const { data, error } = requestSchema.safeParse(message);
  if (data === undefined) {
    const [issue] = error.issues;
    const field = issue?.path.join(".") ?? "";
    throw new PlatformError("invalid_request", `The request is not valid: ${field}: ${issue?.message}.`, {
      field,
    });
  }
  return {
    text: readText(data, persisted),
    operationName: data.operationName ?? undefined,
    variables: data.variables ?? {},
  };
}

function readText(
  { query, documentId, extensions }: z.output<typeof requestSchema>,
  persisted: PersistedOperations,
): string {
  const id = documentId ?? extensions?.persistedQuery?.sha256Hash;
  const found = id === undefined ? undefined : persisted.find(id);
  if (found !== undefined) return found;
  if (typeof query === "string" && query !== "") {
    if (!persisted.isOnly || persisted.has(query)) return query;
    throw new PlatformError(
      "forbidden",
      "This server answers persisted operations only. Ask by the `documentId` of one.",
      { field: "query" },
    );
  }
  if (id === undefined) throw new PlatformError("invalid_request", "`query` is missing.", { field: "query" });
  throw new PlatformError(
    "not_found",
    "There is no persisted operation of that name. Add it to the file of `graphql.persisted_operations`.",
    { field: "documentId" },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PlatformError("invalid_request", "The body is not valid JSON.", { cause });
  }
}

function wrong(message: string): PlatformError {
  return new PlatformError("invalid_request", message);
}
