/** A JSON Schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** A reference to one of the schemas below. */
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
/** A list of such things. */
export const list = (items: Schema): Schema => ({ type: "array", items });
const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });

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
