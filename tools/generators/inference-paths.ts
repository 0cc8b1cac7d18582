import { anthropicPaths } from "./anthropic-paths.ts";
import { browserLoginPaths } from "./browser-login-paths.ts";
import { list, ref, type Schema } from "./inference-schemas.ts";
import { ollamaPaths } from "./ollama-paths.ts";
import { responsesPaths } from "./responses-paths.ts";

const json = (schema: Schema) => ({ "application/json": { schema } });
const text = { "text/plain": { schema: { type: "string" } } };
const openAiError = { description: "What went wrong.", content: json(ref("Error")) };
const requestId = {
  "x-request-id": {
    description: "The call's name in the log and in the usage ledger.",
    schema: { type: "string" },
  },
};

const query = (name: string, more: Schema = {}) => ({
  name,
  in: "query",
  schema: { type: "string", ...more },
});

type Inference = {
  readonly id: string;
  readonly summary: string;
  readonly request: string;
  readonly reply: string;
  readonly canStream: boolean;
};

function inference({ id, summary, request, reply, canStream }: Inference): object {
  const events = {
    "text/event-stream": {
      schema: {
        type: "string",
        description:
          "One chunk an event, then `[DONE]`. An error in the middle is an event of its own, and no `[DONE]` follows it.",
      },
    },
  };
  return {
    operationId: id,
    tags: ["inference"],
    summary,
    requestBody: { required: true, content: json(ref(request)) },
    responses: {
      "200": {
        description: "The answer.",
        headers: requestId,
        content: { ...json(ref(reply)), ...(canStream ? events : {}) },
      },
      default: openAiError,
    },
  };
}

function probe(id: string, summary: string, refusal?: string): Readonly<Record<string, object>> {
  return {
    get: {
      operationId: id,
      tags: ["system"],
      summary,
      security: [{}],
      responses: {
        "200": { description: "It does.", content: text },
        ...(refusal === undefined ? {} : { "503": { description: refusal, content: text } }),
      },
    },
  };
}

const readiness = "It starts or stops; the body says which.";
const ollamaError = { description: "What went wrong.", content: json(ref("OllamaError")) };

/** Paths that are no operations: calls of models, probes, metrics, and streams. */
export const inferencePaths: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  "/v1/chat/completions": {
    post: inference({
      id: "chat",
      summary: "Answers a conversation.",
      request: "ChatRequest",
      reply: "ChatReply",
      canStream: true,
    }),
  },
  "/v1/completions": {
    post: inference({
      id: "completion",
      summary: "Goes on with a text.",
      request: "CompletionRequest",
      reply: "CompletionReply",
      canStream: true,
    }),
  },
  "/v1/embeddings": {
    post: inference({
      id: "embedding",
      summary: "Turns texts into vectors.",
      request: "EmbeddingRequest",
      reply: "EmbeddingReply",
      canStream: false,
    }),
  },
  ...responsesPaths,
  ...ollamaPaths,
  ...anthropicPaths,
  "/v1/models": {
    get: {
      operationId: "openai.models",
      tags: ["inference"],
      summary:
        "Every name that `model` may be. With `anthropic-version`, in Anthropic's shape and in pages (`limit`, `after_id`, `before_id`).",
      responses: {
        "200": {
          description: "The names.",
          content: json({
            type: "object",
            required: ["object", "data"],
            properties: { object: { const: "list" }, data: list(ref("Model")) },
          }),
        },
        default: openAiError,
      },
    },
  },
  "/v1/models/{id}": {
    get: {
      operationId: "openai.model",
      tags: ["inference"],
      summary: "One of these names. Slashes in it may stand as they are.",
      parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
      responses: { "200": { description: "The model.", content: json(ref("Model")) }, default: openAiError },
    },
  },
  "/local/ollama/pull": {
    post: {
      operationId: "ollama.pull",
      tags: ["ollama"],
      summary: "Has the Ollama server fetch a model, and tells how far it is.",
      requestBody: {
        required: true,
        content: json({
          type: "object",
          properties: {
            model: { type: "string", description: "The model to fetch. `name` is taken too." },
            name: { type: "string" },
            stream: { type: "boolean", default: true },
          },
        }),
      },
      responses: {
        "200": {
          description:
            "Progress: one JSON object a line, or an event each when `accept` asks for them. Without `stream`, one object at the end.",
          content: {
            "application/x-ndjson": { schema: { type: "string" } },
            "text/event-stream": { schema: { type: "string" } },
            ...json({ type: "object" }),
          },
        },
        default: openAiError,
      },
    },
  },
  "/local/ollama/generate": {
    post: {
      operationId: "ollama.generate",
      tags: ["ollama"],
      summary: "Ollama's own way to go on with a text. It streams unless `stream` is false.",
      requestBody: {
        required: true,
        content: json({
          type: "object",
          required: ["model"],
          additionalProperties: true,
          properties: {
            model: { type: "string" },
            prompt: { type: "string" },
            stream: { type: "boolean", default: true },
            options: { type: "object" },
          },
        }),
      },
      responses: {
        "200": {
          description: "One JSON object a line, or one in all.",
          headers: requestId,
          content: { "application/x-ndjson": { schema: { type: "string" } }, ...json({ type: "object" }) },
        },
        default: ollamaError,
      },
    },
  },
  "/api/v1/usage/export": {
    get: {
      operationId: "usage.export",
      tags: ["usage"],
      summary: "The records of the ledger as one file, oldest first.",
      parameters: [
        { name: "format", in: "query", schema: { type: "string", enum: ["csv", "json"], default: "csv" } },
        ...["from", "until"].map((name) => query(name, { format: "date-time" })),
        ...["integration", "model", "principal", "outcome", "request_id"].map((name) => query(name)),
      ],
      responses: {
        "200": {
          description: "CSV with a line of names, or one array. It may be large; it is not held in memory.",
          content: {
            "text/csv": { schema: { type: "string" } },
            ...json({ type: "array", items: { type: "object" } }),
          },
        },
        default: { $ref: "#/components/responses/Problem" },
      },
    },
  },
  "/livez": probe("livez", "Whether the process turns. A supervisor restarts it when this fails."),
  "/readyz": probe("readyz", "Whether calls are taken. Integrations have no say in it.", readiness),
  "/healthz": probe("healthz", "The same as `/readyz`, under its older name.", readiness),
  "/.well-known/jwks.json": {
    get: {
      operationId: "auth.jwks",
      tags: ["auth"],
      summary: "The public keys that access tokens are signed with.",
      security: [{}],
      responses: {
        "200": {
          description: "A JWK set.",
          content: {
            "application/jwk-set+json": {
              schema: { type: "object", required: ["keys"], properties: { keys: list({ type: "object" }) } },
            },
          },
        },
      },
    },
  },
  ...browserLoginPaths,
  "/metrics": {
    get: {
      operationId: "metrics",
      tags: ["system"],
      summary: "Every metric, in the text format of Prometheus.",
      responses: { "200": { description: "The metrics.", content: text }, default: openAiError },
    },
  },
};
