import type { Schema } from "./inference-schemas.ts";

const json = (schema: Schema) => ({ "application/json": { schema } });
const version = {
  name: "anthropic-version",
  in: "header",
  required: true,
  schema: { type: "string", enum: ["2023-06-01", "2026-10-21"] },
};
const beta = {
  name: "anthropic-beta",
  in: "header",
  description: "Goes on to models of Anthropic itself.",
  schema: { type: "string" },
};
const messages: Schema = {
  type: "array",
  minItems: 1,
  items: {
    type: "object",
    required: ["role", "content"],
    additionalProperties: true,
    properties: {
      role: { type: "string", enum: ["user", "assistant", "system"] },
      content: { oneOf: [{ type: "string" }, { type: "array", items: { type: "object" } }] },
    },
  },
};
const requestMembers = {
  model: { type: "string" },
  messages,
  system: { oneOf: [{ type: "string" }, { type: "array", items: { type: "object" } }] },
  tools: { type: "array", items: { type: "object" } },
};
const usage: Schema = {
  type: "object",
  required: ["input_tokens", "output_tokens"],
  additionalProperties: true,
  properties: {
    input_tokens: { type: "integer", minimum: 0 },
    output_tokens: { type: "integer", minimum: 0 },
    cache_creation_input_tokens: { type: ["integer", "null"] },
    cache_read_input_tokens: { type: ["integer", "null"] },
  },
};
const message: Schema = {
  type: "object",
  required: ["id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"],
  additionalProperties: true,
  properties: {
    id: { type: "string" },
    type: { const: "message" },
    role: { const: "assistant" },
    model: { type: "string" },
    content: { type: "array", items: { type: "object", required: ["type"], additionalProperties: true } },
    stop_reason: { type: ["string", "null"] },
    stop_sequence: { type: ["string", "null"] },
    usage,
  },
};
const error = {
  description: "What went wrong.",
  content: json({
    type: "object",
    required: ["type", "error", "request_id"],
    properties: {
      type: { const: "error" },
      error: {
        type: "object",
        required: ["type", "message", "code"],
        properties: {
          type: { type: "string" },
          message: { type: "string" },
          code: { type: "string", description: "One of the platform's own codes." },
          param: { type: "string", description: "The field or the header at fault." },
        },
      },
      request_id: { type: "string" },
    },
  }),
};
const requestId = {
  description: "The call's name in the log and in the usage ledger.",
  schema: { type: "string" },
};

/** The paths of Anthropic's API. */
export const anthropicPaths: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  "/v1/messages": {
    post: {
      operationId: "anthropic.message",
      tags: ["inference"],
      summary: "Answers a conversation, in Anthropic's dialect.",
      parameters: [version, beta],
      requestBody: {
        required: true,
        content: json({
          type: "object",
          required: ["model", "messages", "max_tokens"],
          additionalProperties: true,
          properties: {
            ...requestMembers,
            max_tokens: { type: "integer", minimum: 1 },
            stream: { type: "boolean", default: false },
          },
        }),
      },
      responses: {
        "200": {
          description: "The answer.",
          headers: { "request-id": requestId, "x-request-id": requestId },
          content: {
            ...json(message),
            "text/event-stream": {
              schema: {
                type: "string",
                description:
                  "From `message_start` to `message_stop`. An `error` event in the middle is the last, and no `message_stop` follows it.",
              },
            },
          },
        },
        default: error,
      },
    },
  },
  "/v1/messages/count_tokens": {
    post: {
      operationId: "anthropic.count_tokens",
      tags: ["inference"],
      summary: "The tokens of a prompt, which is not answered.",
      parameters: [version, beta],
      requestBody: {
        required: true,
        content: json({
          type: "object",
          required: ["model", "messages"],
          additionalProperties: true,
          properties: requestMembers,
        }),
      },
      responses: {
        "200": {
          description: "The count.",
          headers: {
            "x-llmp-token-count": {
              description:
                "Counted by the model's own server, or estimated from the size where that cannot count.",
              schema: { type: "string", enum: ["counted", "estimated"] },
            },
          },
          content: json({
            type: "object",
            required: ["input_tokens"],
            properties: { input_tokens: { type: "integer", minimum: 0 } },
          }),
        },
        default: error,
      },
    },
  },
};
