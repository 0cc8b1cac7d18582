type Schema = Readonly<Record<string, unknown>>;

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Schema) => ({ "application/json": { schema } });
const text = { "text/plain": { schema: { type: "string" } } };
const list = (items: Schema): Schema => ({ type: "array", items });
const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });

const openAiError = { description: "What went wrong.", content: json(ref("Error")) };
const requestId = {
  "x-request-id": {
    description: "The call's name in the log and in the usage ledger.",
    schema: { type: "string" },
  },
};

const message: Schema = {
  type: "object",
  required: ["role"],
  properties: {
    role: { enum: ["system", "developer", "user", "assistant", "tool"] },
    content: {
      description: "A text, or a list of parts: text and images.",
      anyOf: [{ type: "string" }, list({ type: "object" }), { type: "null" }],
    },
    name: { type: "string" },
    tool_calls: list(ref("ToolCall")),
    tool_call_id: { type: "string", description: "Of a tool's result: the call that it answers." },
  },
};

const sampling = {
  max_tokens: { type: "integer", minimum: 0 },
  temperature: { type: "number" },
  top_p: { type: "number" },
  seed: { type: "integer" },
  stop: { anyOf: [{ type: "string" }, list({ type: "string" })] },
  presence_penalty: { type: "number" },
  frequency_penalty: { type: "number" },
  n: { type: "integer", minimum: 1, description: "How many answers." },
  stream: { type: "boolean", default: false, description: "Server-sent events instead of one JSON object." },
  stream_options: {
    type: "object",
    properties: { include_usage: { type: "boolean", description: "A last chunk that holds the usage." } },
  },
  user: { type: "string" },
} as const;

const passedOn =
  "A field that is not listed is passed on where the upstream speaks the same dialect, and else refused with 400; none is dropped in silence.";
const model = {
  type: "string",
  description: "A name of `GET /v1/models`, `integration/model`, an alias or a route.",
} as const;

/** Schemas of the inference endpoints, in the form that OpenAI's clients expect. */
export const inferenceSchemas: Readonly<Record<string, Schema>> = {
  Error: {
    type: "object",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["message", "type", "param", "code", "request_id"],
        properties: {
          message: { type: "string" },
          type: { type: "string" },
          param: { type: ["string", "null"], description: "The field at fault." },
          code: { type: "string", description: "One of the closed set of codes." },
          request_id: { type: "string" },
        },
      },
    },
  },
  ToolCall: {
    type: "object",
    required: ["id", "type", "function"],
    properties: {
      id: { type: "string" },
      type: { const: "function" },
      function: {
        type: "object",
        required: ["name", "arguments"],
        properties: {
          name: { type: "string" },
          arguments: { type: "string", description: "JSON, as the model wrote it." },
        },
      },
    },
  },
  Usage: {
    type: "object",
    required: ["prompt_tokens", "total_tokens"],
    properties: {
      prompt_tokens: { type: "integer" },
      completion_tokens: { type: "integer" },
      total_tokens: { type: "integer" },
    },
  },
  ChatMessage: message,
  ChatRequest: {
    type: "object",
    description: passedOn,
    required: ["model", "messages"],
    additionalProperties: true,
    properties: {
      model,
      messages: { ...list(ref("ChatMessage")), minItems: 1 },
      ...sampling,
      max_completion_tokens: { type: "integer", minimum: 0 },
      tools: list({ type: "object" }),
      tool_choice: {
        description: "`none`, `auto`, `required`, or the function that must be called.",
        anyOf: [{ type: "string" }, { type: "object" }],
      },
      response_format: {
        type: "object",
        description: "`text`, `json_object`, or `json_schema` with a schema.",
      },
      logprobs: { type: "boolean" },
      top_logprobs: { type: "integer", minimum: 0 },
    },
  },
  ChatReply: {
    type: "object",
    required: ["id", "object", "created", "model", "choices"],
    properties: {
      id: { type: "string" },
      object: { const: "chat.completion" },
      created: { type: "integer" },
      model: { type: "string" },
      choices: list({
        type: "object",
        required: ["index", "message", "finish_reason"],
        properties: {
          index: { type: "integer" },
          message: ref("ChatMessage"),
          finish_reason: { enum: ["stop", "length", "tool_calls", "content_filter"] },
          logprobs: nullable({ type: "object" }),
        },
      }),
      usage: ref("Usage"),
    },
  },
  CompletionRequest: {
    type: "object",
    description: passedOn,
    required: ["model", "prompt"],
    additionalProperties: true,
    properties: {
      model,
      prompt: { anyOf: [{ type: "string" }, list({ type: "string" }), list({ type: "integer" })] },
      suffix: { type: ["string", "null"] },
      echo: { type: "boolean" },
      ...sampling,
      logprobs: { type: ["integer", "null"] },
    },
  },
  CompletionReply: {
    type: "object",
    required: ["id", "object", "created", "model", "choices"],
    properties: {
      id: { type: "string" },
      object: { const: "text_completion" },
      created: { type: "integer" },
      model: { type: "string" },
      choices: list({
        type: "object",
        required: ["index", "text", "finish_reason"],
        properties: {
          index: { type: "integer" },
          text: { type: "string" },
          finish_reason: { type: "string" },
          logprobs: nullable({ type: "object" }),
        },
      }),
      usage: ref("Usage"),
    },
  },
  EmbeddingRequest: {
    type: "object",
    description: passedOn,
    required: ["model", "input"],
    additionalProperties: true,
    properties: {
      model,
      input: { anyOf: [{ type: "string" }, list({ type: "string" }), list({ type: "integer" })] },
      dimensions: { type: "integer", minimum: 1 },
      encoding_format: { enum: ["float", "base64"] },
      user: { type: "string" },
    },
  },
  EmbeddingReply: {
    type: "object",
    required: ["object", "data", "model"],
    properties: {
      object: { const: "list" },
      data: list({
        type: "object",
        required: ["object", "index", "embedding"],
        properties: {
          object: { const: "embedding" },
          index: { type: "integer" },
          embedding: {
            description: "Numbers, or base64 of 32-bit floats when that was asked for.",
            anyOf: [list({ type: "number" }), { type: "string" }],
          },
        },
      }),
      model: { type: "string" },
      usage: ref("Usage"),
    },
  },
  Model: {
    type: "object",
    required: ["id", "object", "created", "owned_by"],
    properties: {
      id: { type: "string" },
      object: { const: "model" },
      created: { type: "integer" },
      owned_by: { type: "string" },
      context_window: { type: "integer", description: "Tokens; absent when it is not known." },
    },
  },
  OllamaError: {
    type: "object",
    required: ["error"],
    properties: { error: { type: "string" }, code: { type: "string" }, request_id: { type: "string" } },
  },
};

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
  "/v1/models": {
    get: {
      operationId: "openai.models",
      tags: ["inference"],
      summary: "Every name that `model` may be.",
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
  "/livez": probe("livez", "Whether the process turns. A supervisor restarts it when this fails."),
  "/readyz": probe("readyz", "Whether calls are taken. Integrations have no say in it.", readiness),
  "/healthz": probe("healthz", "The same as `/readyz`, under its older name.", readiness),
  "/metrics": {
    get: {
      operationId: "metrics",
      tags: ["system"],
      summary: "Every metric, in the text format of Prometheus.",
      responses: { "200": { description: "The metrics.", content: text }, default: openAiError },
    },
  },
};
