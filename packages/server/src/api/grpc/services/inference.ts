import type {
  Delta as ModelDelta,
  Json,
  JsonObject,
  ModelEvent,
  Operation,
  Usage as ModelUsage,
} from "@llm-platform/kit";
import type { ModelDirectory } from "../../../gateway/model-directory.ts";
import { toHeaderValue } from "../../../gateway/targets.ts";
import { limitHeaders } from "../../limit-headers.ts";
import { toOpenAiModel } from "../../listed-models.ts";
import { listModels } from "../../model-names.ts";
import { formatOverhead } from "../../overhead-text.ts";
import type { ModelCallFacts, ModelCallInput, ModelCaller } from "../../model-caller.ts";
import {
  type ChatEvent,
  ChatReply,
  CompletionReply,
  type Delta,
  EmbedReply,
  InferenceDefinition,
  Logprobs,
  type Usage,
} from "../generated/platform.ts";
import { type CallContext, type GrpcMethod, type HeaderValues, serverStream, unary } from "../method.ts";
import { toChatRequest, toCompletionRequest, toEmbedRequest } from "./openai-request.ts";

export interface InferenceServiceParts {
  readonly models: ModelCaller;
  readonly directory: ModelDirectory;
}

const service = InferenceDefinition;
const { chat, chatStream, complete, embed, listModels: list } = service.methods;
const base = { service, access: "inference.call" } as const;
/** Many texts at once make a long request. */
const maxEmbedBytes = 16 * 1024 * 1024;

/** Calls of models. */
export function inferenceMethods({ models, directory }: InferenceServiceParts): readonly GrpcMethod[] {
  const whole = <Told>(
    call: ModelCallInput,
    context: CallContext,
    toTold: (reply: JsonObject) => Told,
  ): Promise<Told> =>
    models.whole(call).then(({ facts, reply }) => {
      context.setHeaders(toFactHeaders(facts));
      return toTold(withWholeSeconds(reply));
    });
  return [
    unary({
      ...base,
      type: chat,
      run: (request, context) =>
        whole(toCall("chat", toChatRequest(request), context), context, ChatReply.fromJSON),
    }),
    serverStream({
      ...base,
      type: chatStream,
      async run(request, context, send) {
        const reply = await models.call(toCall("chat", toChatRequest(request), context));
        context.setHeaders(toFactHeaders(reply.facts));
        for await (const event of reply.events) {
          const told = toChatEvent(event);
          const taken = told === undefined ? undefined : send(told);
          if (taken !== undefined) await taken;
        }
      },
    }),
    unary({
      ...base,
      type: complete,
      run: (request, context) =>
        whole(toCall("completion", toCompletionRequest(request), context), context, CompletionReply.fromJSON),
    }),
    unary({
      ...base,
      type: embed,
      maxMessageBytes: maxEmbedBytes,
      run: (request, context) =>
        whole(toCall("embedding", toEmbedRequest(request), context), context, EmbedReply.fromJSON),
    }),
    unary({
      service,
      access: "models.read",
      type: list,
      run: async () => ({ models: (await listModels(directory)).map(toOpenAiModel) }),
    }),
  ];
}

function toCall(
  operation: Operation,
  request: ModelCallInput["request"],
  { requestId, principal, countedBy, traceparent, cancellation }: CallContext,
): ModelCallInput {
  return {
    requestId,
    operation,
    principal,
    address: countedBy,
    request,
    protocol: "grpc",
    traceparent,
    cancellation,
  };
}

/** Some servers tell the time in fractions of a second. */
function withWholeSeconds(reply: JsonObject): JsonObject {
  const { created } = reply;
  if (typeof created !== "number" || Number.isInteger(created)) return reply;
  return { ...reply, created: Math.trunc(created) };
}

function toFactHeaders({ integration, model, attempts, overheadMs, limit }: ModelCallFacts): HeaderValues {
  const headers: Record<string, string> = {
    "x-llmp-attempts": String(attempts),
    "x-llmp-overhead-ms": formatOverhead(overheadMs),
  };
  if (integration !== undefined) headers["x-llmp-provider"] = toHeaderValue(integration);
  if (model !== undefined) headers["x-llmp-model"] = toHeaderValue(model);
  return limit === undefined ? headers : { ...headers, ...limitHeaders(limit) };
}

/** Undefined for what a client of chats is not told. */
function toChatEvent(event: ModelEvent): ChatEvent | undefined {
  switch (event.type) {
    case "delta":
      return { delta: toDelta(event) };
    case "finish":
      return { finish: { choice: event.choice, reason: event.reason } };
    case "usage":
      return { usage: toUsage(event.usage) };
    case "warning":
      return { warning: { code: event.code, message: event.message } };
    default:
      return undefined;
  }
}

function toDelta({ choice, content, reasoning, refusal, toolCalls, logprobs }: ModelDelta): Delta {
  return {
    choice,
    content,
    reasoning,
    refusal,
    tool_calls: toolCalls?.map(({ index, id, name, argumentsText }) => ({
      index,
      id,
      name,
      arguments: argumentsText,
    })),
    logprobs: isObject(logprobs) ? Logprobs.fromJSON(logprobs) : undefined,
  };
}

function toUsage(usage: ModelUsage): Usage {
  const { inputTokens, outputTokens, cacheReadTokens, reasoningTokens } = usage;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens:
      inputTokens === undefined || outputTokens === undefined ? undefined : inputTokens + outputTokens,
    prompt_tokens_details: cacheReadTokens === undefined ? undefined : { cached_tokens: cacheReadTokens },
    completion_tokens_details:
      reasoningTokens === undefined ? undefined : { reasoning_tokens: reasoningTokens },
  };
}

function isObject(value: Json | undefined): value is Exclude<Json, null | boolean | number | string> {
  return typeof value === "object" && value !== null;
}
