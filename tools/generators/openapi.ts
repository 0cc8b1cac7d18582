import { z } from "zod";
import type { Operation } from "../../packages/server/src/control/operation.ts";
import { version } from "../../packages/server/src/version.ts";
import { inferencePaths } from "./inference-paths.ts";
import { inferenceSchemas } from "./inference-schemas.ts";
import { graphqlPaths } from "./graphql-paths.ts";
import { mcpPaths } from "./mcp-paths.ts";
import { websocketPaths } from "./websocket-paths.ts";
import { readOperations } from "./inert-operations.ts";

type Schema = Readonly<Record<string, unknown>>;
type PathItem = Readonly<Record<string, object>>;

/** The OpenAPI document: management from the table of operations, inference by hand. */
export function createOpenApi(): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "llm-platform",
      version,
      summary: "One server in front of every model that a team runs.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "http://127.0.0.1:8000", description: "Where it listens by default." }],
    tags: [
      { name: "inference", description: "Calls of models." },
      { name: "integrations", description: "What the platform connects to and offers." },
      { name: "events", description: "What changed." },
      { name: "models", description: "Models over all integrations." },
      { name: "ollama", description: "The Ollama server that is called `ollama`." },
      { name: "usage", description: "The ledger of attempts." },
      { name: "system", description: "The server itself." },
      { name: "access", description: "Who may do what." },
      { name: "auth", description: "Tokens for people who log in." },
      { name: "setup", description: "The first admin of a new server." },
      { name: "users", description: "People and programs that own keys." },
      { name: "keys", description: "API keys." },
      { name: "audit", description: "Who changed what." },
      { name: "graphql", description: "The platform as a graph." },
      { name: "mcp", description: "The operations as tools for agents." },
      { name: "secrets", description: "How secrets are sealed in the database." },
    ],
    // While there is neither a configured key nor a user, callers on this machine need none.
    security: [{ apiKey: [] }, {}],
    paths: [inferencePaths, mcpPaths, graphqlPaths, websocketPaths, operationPaths(readOperations())].reduce(
      mergePaths,
    ),
    components: {
      securitySchemes: {
        apiKey: {
          type: "http",
          scheme: "bearer",
          description:
            "A key of `auth.api_keys`, one that `keys.create` made, or an access token of `auth.login`.",
        },
      },
      schemas: { ...inferenceSchemas, Problem: problemSchema },
      responses: {
        Problem: {
          description: "What went wrong.",
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
    },
  };
}

const problemSchema: Schema = {
  type: "object",
  description: "Problem details as RFC 9457 has them.",
  required: ["type", "title", "status", "detail", "request_id"],
  properties: {
    type: { type: "string", format: "uri", description: "Ends in the error code." },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    request_id: { type: "string" },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["pointer", "detail"],
        properties: {
          pointer: { type: "string", description: "JSON Pointer to the field." },
          detail: { type: "string" },
        },
      },
    },
  },
};

/** One path per operation, in its REST binding. */
export function operationPaths(operations: readonly Operation[]): Readonly<Record<string, PathItem>> {
  const single = operations.map((operation) => ({
    [operation.rest.path]: { [operation.rest.method.toLowerCase()]: toOperation(operation) },
  }));
  return single.reduce(mergePaths, {});
}

function mergePaths(
  first: Readonly<Record<string, PathItem>>,
  second: Readonly<Record<string, PathItem>>,
): Readonly<Record<string, PathItem>> {
  const merged: Record<string, PathItem> = { ...first };
  for (const [path, item] of Object.entries(second)) {
    const twice = Object.keys(item).find((method) => merged[path]?.[method] !== undefined);
    if (twice !== undefined) throw new Error(`${twice} ${path} is described twice`);
    merged[path] = { ...merged[path], ...item };
  }
  return merged;
}

function toOperation({ name, summary, permission, rest, input, output }: Operation): object {
  const { properties, required } = readInput(input);
  const inPath = [...rest.path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter ?? "");
  const others = Object.keys(properties).filter((key) => !inPath.includes(key));
  const hasBody = rest.method !== "GET" && rest.method !== "DELETE";
  const parameters = [
    ...inPath.map((key) => ({
      name: key,
      in: "path",
      required: true,
      schema: properties[key] ?? { type: "string" },
    })),
    ...(hasBody
      ? []
      : others.map((key) => ({
          name: key,
          in: "query",
          required: required.includes(key),
          schema: properties[key] ?? {},
        }))),
  ];
  const body = {
    type: "object",
    properties: Object.fromEntries(others.map((key) => [key, properties[key]])),
    required: required.filter((key) => others.includes(key)),
    additionalProperties: false,
  };
  return {
    operationId: name,
    tags: [name.split(".")[0]],
    summary,
    ...(permission === "public" ? { security: [{}] } : { description: `Permission: \`${permission}\`.` }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(hasBody && others.length > 0
      ? {
          requestBody: {
            required: body.required.length > 0,
            content: { "application/json": { schema: body } },
          },
        }
      : {}),
    responses: {
      "200": {
        description: "Done.",
        content: { "application/json": { schema: toSchema(output, "output") } },
      },
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

type InputFields = {
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
};

function readInput(input: z.ZodType): InputFields {
  const { properties, required } = toSchema(input, "input");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON Schema of an object, made by the line above
  return {
    properties: (properties ?? {}) as InputFields["properties"],
    required: (required ?? []) as InputFields["required"],
  };
}

function toSchema(type: z.ZodType, io: "input" | "output"): Schema {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(type, { io });
  return schema;
}
