import type { JsonObject, PlatformError, Usage } from "@llm-platform/kit";
import type { ResponsesRequest } from "./request-schema.ts";

/** What a response is made of beside what the model says. */
export interface ResponseFacts {
  /** `resp_` and 32 hexadecimal digits. */
  readonly id: string;
  readonly createdSeconds: number;
  readonly request: ResponsesRequest;
}

export type ResponseStatus = "in_progress" | "completed" | "incomplete" | "failed";

/** How a response stands. */
export interface ResponseState {
  readonly status: ResponseStatus;
  readonly output: readonly JsonObject[];
  readonly usage?: Usage | undefined;
  /** Why it is not complete. */
  readonly incompleteReason?: "max_output_tokens" | "content_filter" | undefined;
  readonly error?: PlatformError | undefined;
  readonly completedSeconds?: number | undefined;
  /** Whether it can be asked for later. */
  readonly isStored: boolean;
}

/** A response as `/v1/responses` gives it out, with what was asked for beside it as OpenAI does. */
export function toResponseObject(facts: ResponseFacts, state: ResponseState): JsonObject {
  const { request } = facts;
  return {
    id: facts.id,
    object: "response",
    created_at: facts.createdSeconds,
    status: state.status,
    ...(state.completedSeconds === undefined ? {} : { completed_at: state.completedSeconds }),
    background: false,
    error: state.error === undefined ? null : toResponseError(state.error),
    incomplete_details: state.incompleteReason === undefined ? null : { reason: state.incompleteReason },
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    model: request.model,
    output: state.output,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: {
      effort: request.reasoning?.effort ?? null,
      summary: request.reasoning?.summary ?? request.reasoning?.generate_summary ?? null,
    },
    service_tier: "default",
    store: state.isStored,
    temperature: request.temperature ?? 1,
    text: { format: toShownFormat(request), verbosity: request.text?.verbosity ?? "medium" },
    tool_choice: toShownChoice(request),
    tools: toShownTools(request.tools),
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    truncation: "disabled",
    ...(state.usage === undefined ? {} : { usage: toResponseUsage(state.usage) }),
    ...(request.user === undefined ? {} : { user: request.user }),
    metadata: request.metadata ?? {},
  };
}

/** The one word of OpenAI's closed list that fits what fails here. */
function toResponseError(error: PlatformError): JsonObject {
  const code = error.code === "rate_limited" ? "rate_limit_exceeded" : "server_error";
  return { code, message: error.message };
}

function toShownFormat(request: ResponsesRequest): JsonObject {
  const format = request.text?.format;
  if (format?.type !== "json_schema") return { type: format?.type ?? "text" };
  const { name, description, schema, strict } = format;
  return { type: "json_schema", name, description: description ?? null, schema, strict: strict ?? false };
}

/** As they were sent: functions of a namespace stand in it. */
function toShownTools(tools: ResponsesRequest["tools"]): readonly JsonObject[] {
  const shown: JsonObject[] = [];
  const open = new Map<object, JsonObject[]>();
  for (const { name, description, parameters, strict, namespace } of tools) {
    const own = {
      type: "function",
      name,
      description: description ?? null,
      parameters: parameters ?? null,
      strict: strict ?? false,
    };
    if (namespace === undefined) {
      shown.push(own);
      continue;
    }
    const group = open.get(namespace) ?? [];
    if (group.length === 0) shown.push({ type: "namespace", ...namespace, tools: group });
    group.push(own);
    open.set(namespace, group);
  }
  return shown;
}

function toShownChoice({ tool_choice: choice }: ResponsesRequest): JsonObject | string {
  if (choice === undefined || typeof choice === "string") return choice ?? "auto";
  const { name, namespace } = choice;
  return { type: "function", name, ...(namespace === undefined ? {} : { namespace }) };
}

function toResponseUsage(usage: Usage): JsonObject {
  const input = usage.inputTokens ?? 0;
  const output = usage.outputTokens ?? 0;
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: usage.cacheReadTokens ?? 0,
      cache_write_tokens: usage.cacheWriteTokens ?? 0,
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: input + output,
  };
}
