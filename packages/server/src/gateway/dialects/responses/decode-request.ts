import type { JsonObject } from "@llm-platform/kit";
import type { z } from "zod";
import { invalidField, parseFields, unsupportedField } from "../parse-fields.ts";
import { decodeItems } from "./input-items.ts";
import {
  functionTool,
  namespaceTool,
  type ResponsesRequest,
  responsesRequestSchema,
  type ResponsesTool,
  toToolName,
} from "./request-schema.ts";
import { toChatName } from "./tool-names.ts";

/** What can be asked to be in a response beside what always is. Of hosted tools there is nothing that it could add. */
const logprobsWanted = "message.output_text.logprobs";

/** Checks the body of `POST /v1/responses`. Throws PlatformError `unsupported_parameter` or `invalid_request`, naming the field. */
export function readResponsesRequest(body: unknown): ResponsesRequest {
  const { tools = [], ...request } = parseFields(responsesRequestSchema, body);
  return { ...request, tools: readTools(tools, request.tool_choice) };
}

type Asked = z.output<typeof responsesRequestSchema>;

/**
 * The functions among the tools. A search of the web, which coding agents offer beside their own tools, is left out there:
 * the model does without. Where it is all there is, or a tool has to be called, an answer without it would be another one.
 */
function readTools(
  tools: NonNullable<Asked["tools"]>,
  choice: Asked["tool_choice"],
): readonly ResponsesTool[] {
  const hasFunctions = tools.some(({ type }) => type === "function" || type === "namespace");
  const read = tools.flatMap((tool, index) => {
    const path = `tools[${index}]`;
    if (tool.type === "namespace") return readNamespace(tool, path);
    if (isWebSearch(tool.type) && hasFunctions && choice !== "required") return [];
    return [readFunction(tool, path)];
  });
  if (read.some(({ namespace }) => namespace !== undefined)) refuseSameNames(read);
  return read;
}

/** A call of either of two functions that have one name in a chat could not be told apart. */
function refuseSameNames(tools: readonly ResponsesTool[]): void {
  const taken = new Set<string>();
  for (const tool of tools) {
    const name = toChatName(toToolName(tool));
    if (taken.has(name))
      throw invalidField("tools", `functions of different names, and not \`${name}\` twice`);
    taken.add(name);
  }
}

function readNamespace(tool: unknown, path: string): readonly ResponsesTool[] {
  const { name, description, tools } = parseFields(namespaceTool, tool, path);
  const namespace = { name, description: description ?? "" };
  return tools.map((each, index) => ({ ...readFunction(each, `${path}.tools[${index}]`), namespace }));
}

function readFunction(tool: { readonly type: string }, path: string): ResponsesTool {
  if (tool.type === "function") return parseFields(functionTool, tool, path);
  throw unsupportedField(
    `${path}.type`,
    "Only functions are possible, which the caller runs itself; the platform runs no tools.",
  );
}

/** `web_search`, `web_search_preview`, and either with a date. */
function isWebSearch(type: string): boolean {
  return type.startsWith("web_search");
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

function toChatTool(tool: ResponsesTool): JsonObject {
  const { description, parameters, strict } = tool;
  return {
    type: "function",
    function: {
      name: toChatName(toToolName(tool)),
      ...(description ? { description } : {}),
      ...(parameters ? { parameters } : {}),
      ...(strict === undefined || strict === null ? {} : { strict }),
    },
  };
}

function toToolChoice({ tool_choice: choice }: ResponsesRequest): JsonObject {
  if (choice === undefined) return {};
  if (typeof choice === "string") return { tool_choice: choice };
  return { tool_choice: { type: "function", function: { name: toChatName(choice) } } };
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
