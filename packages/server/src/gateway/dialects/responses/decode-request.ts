import type { JsonObject } from "@llm-platform/kit";
import { parseFields, unsupportedField } from "../parse-fields.ts";
import { decodeItems } from "./input-items.ts";
import {
  functionTool,
  type ResponsesRequest,
  responsesRequestSchema,
  type ResponsesTool,
} from "./request-schema.ts";

/** What can be asked to be in a response beside what always is. Of hosted tools there is nothing that it could add. */
const logprobsWanted = "message.output_text.logprobs";

/** Checks the body of `POST /v1/responses`. Throws PlatformError `unsupported_parameter` or `invalid_request`, naming the field. */
export function readResponsesRequest(body: unknown): ResponsesRequest {
  const { tools = [], ...request } = parseFields(responsesRequestSchema, body);
  return {
    ...request,
    tools: tools.map((tool, index) => {
      if (tool.type === "function") return parseFields(functionTool, tool, `tools[${index}]`);
      throw unsupportedField(
        `tools[${index}].type`,
        "Only functions are possible, which the caller runs itself; the platform runs no tools.",
      );
    }),
  };
}

/**
 * The chat, in OpenAI's shape, that answers the request.
 * @param items the conversation before, and the input behind it
 * @throws PlatformError `unsupported_parameter` or `invalid_request`, naming the field
 */
export function toChatRequest(request: ResponsesRequest, items: readonly JsonObject[]): JsonObject {
  const { instructions, text, reasoning, tools, parallel_tool_calls: isParallel } = request;
  return {
    model: request.model,
    messages: [
      ...(instructions === undefined ? [] : [{ role: "system", content: instructions }]),
      ...decodeItems(items),
    ],
    ...(request.max_output_tokens === undefined ? {} : { max_completion_tokens: request.max_output_tokens }),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.top_p === undefined ? {} : { top_p: request.top_p }),
    ...toLogprobs(request),
    ...(tools.length === 0 ? {} : { tools: tools.map(toChatTool), ...toToolChoice(request) }),
    ...(isParallel === undefined || tools.length === 0 ? {} : { parallel_tool_calls: isParallel }),
    ...toResponseFormat(text?.format ?? undefined),
    ...(text?.verbosity ? { verbosity: text.verbosity } : {}),
    ...(reasoning?.effort ? { reasoning_effort: reasoning.effort } : {}),
  };
}

function toChatTool({ name, description, parameters, strict }: ResponsesTool): JsonObject {
  return {
    type: "function",
    function: {
      name,
      ...(description ? { description } : {}),
      ...(parameters ? { parameters } : {}),
      ...(strict === undefined || strict === null ? {} : { strict }),
    },
  };
}

function toToolChoice({ tool_choice: choice }: ResponsesRequest): JsonObject {
  if (choice === undefined) return {};
  if (typeof choice === "string") return { tool_choice: choice };
  return { tool_choice: { type: "function", function: { name: choice.name } } };
}

function toResponseFormat(format: NonNullable<ResponsesRequest["text"]>["format"] | undefined): JsonObject {
  if (!format || format.type === "text") return {};
  if (format.type === "json_object") return { response_format: { type: "json_object" } };
  const { name, description, schema, strict } = format;
  return {
    response_format: {
      type: "json_schema",
      json_schema: {
        name,
        ...(description ? { description } : {}),
        schema,
        ...(strict === undefined || strict === null ? {} : { strict }),
      },
    },
  };
}

function toLogprobs({ include = [], top_logprobs: top }: ResponsesRequest): JsonObject {
  if (!include.includes(logprobsWanted) && (top ?? 0) === 0) return {};
  return { logprobs: true, ...(top === undefined ? {} : { top_logprobs: top }) };
}
