import { list, ref, type Schema } from "./inference-schemas.ts";

const json = (schema: Schema) => ({ "application/json": { schema } });
const failure = { description: "What went wrong.", content: json(ref("Error")) };
const id = { name: "id", in: "path", required: true, schema: { type: "string" } };

const input: Schema = {
  description:
    "A text, or items: `message` (`role`, and a text or parts as `content`), `function_call`, `function_call_output`, `reasoning`, and `item_reference` to one that was kept.",
  anyOf: [{ type: "string" }, list({ type: "object" })],
};

const request: Schema = {
  type: "object",
  description: "A field that is not listed is refused with 400; none is dropped in silence.",
  required: ["model", "input"],
  properties: {
    model: {
      type: "string",
      description: "A name of `GET /v1/models`, `integration/model`, an alias or a route.",
    },
    input,
    instructions: { type: "string", description: "What the model is told first; not kept for later turns." },
    previous_response_id: { type: "string", description: "The kept response that this one goes on from." },
    store: {
      type: "boolean",
      default: true,
      description: "Whether the response is kept, sealed, for `responses.retention_days`.",
    },
    stream: { type: "boolean", default: false },
    tools: list({ type: "object", description: "Functions, which the caller runs itself." }),
    tool_choice: {
      description: "`none`, `auto`, `required`, or one function by its name.",
      anyOf: [{ type: "string" }, { type: "object" }],
    },
    parallel_tool_calls: { type: "boolean" },
    text: { type: "object", description: "`format`: `text`, `json_object` or `json_schema`; `verbosity`." },
    reasoning: { type: "object", properties: { effort: { type: "string" } } },
    max_output_tokens: { type: "integer", minimum: 1 },
    temperature: { type: "number" },
    top_p: { type: "number" },
    top_logprobs: { type: "integer", minimum: 0, maximum: 20 },
    include: list({ type: "string" }),
    metadata: { type: "object", additionalProperties: { type: "string" } },
    background: { const: false },
    truncation: { const: "disabled" },
  },
};

const response: Schema = {
  type: "object",
  description: "A response in the form of OpenAI's API, with what was asked for.",
  required: ["id", "object", "created_at", "status", "model", "output"],
  additionalProperties: true,
  properties: {
    id: { type: "string" },
    object: { const: "response" },
    created_at: { type: "integer" },
    status: { enum: ["completed", "incomplete", "failed", "in_progress"] },
    model: { type: "string" },
    output: list({ type: "object", description: "Items: `message`, `function_call`, `reasoning`." }),
    store: { type: "boolean", description: "Whether it can be asked for later." },
    usage: { type: "object" },
  },
};

const whole = { "200": { description: "The response.", content: json(response) }, default: failure };

/** The Responses API. */
export const responsesPaths: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  "/v1/responses": {
    post: {
      operationId: "response",
      tags: ["inference"],
      summary: "Answers a conversation, and keeps the response so that the caller can go on from it.",
      requestBody: { required: true, content: json(request) },
      responses: {
        "200": {
          description: "The response.",
          content: {
            ...json(response),
            "text/event-stream": {
              schema: {
                type: "string",
                description:
                  "Events from `response.created` to `response.completed` or `response.incomplete`, numbered. One that breaks off ends with `response.failed` and `error`.",
              },
            },
          },
        },
        default: failure,
      },
    },
  },
  "/v1/responses/{id}": {
    get: {
      operationId: "response.get",
      tags: ["inference"],
      summary: "A response of the caller that was kept.",
      parameters: [id],
      responses: whole,
    },
    delete: {
      operationId: "response.delete",
      tags: ["inference"],
      summary: "Deletes a response of the caller. What went on from it cannot be gone on from any more.",
      parameters: [id],
      responses: {
        "200": {
          description: "It is gone.",
          content: json({
            type: "object",
            required: ["id", "object", "deleted"],
            properties: {
              id: { type: "string" },
              object: { const: "response" },
              deleted: { const: true },
            },
          }),
        },
        default: failure,
      },
    },
  },
  "/v1/responses/{id}/input_items": {
    get: {
      operationId: "response.input_items",
      tags: ["inference"],
      summary: "What a response was asked, with the conversation before it.",
      parameters: [
        id,
        { name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 100, default: 20 } },
        { name: "order", in: "query", schema: { enum: ["asc", "desc"], default: "desc" } },
        { name: "after", in: "query", schema: { type: "string" } },
      ],
      responses: {
        "200": {
          description: "A page of items.",
          content: json({
            type: "object",
            required: ["object", "data", "first_id", "last_id", "has_more"],
            properties: {
              object: { const: "list" },
              data: list({ type: "object" }),
              first_id: { type: "string" },
              last_id: { type: "string" },
              has_more: { type: "boolean" },
            },
          }),
        },
        default: failure,
      },
    },
  },
  "/v1/responses/{id}/cancel": {
    post: {
      operationId: "response.cancel",
      tags: ["inference"],
      summary:
        "Refused with 400: a response is made while its caller waits, and ends when that connection does.",
      parameters: [id],
      responses: { "400": failure, default: failure },
    },
  },
};
