import {
  Cancellation,
  finishReasons,
  type ModelEvent,
  type Operation,
  PlatformError,
  type Usage,
} from "@llm-platform/kit";
import type { z } from "zod";
import { checkInput } from "../../control/operation.ts";
import { goneClient, type ModelCaller, type ModelCallFacts } from "../model-caller.ts";
import type { GraphCall } from "./graph-call.ts";
import type { chatEvent, embeddingReply, textReply } from "./model-call-schemas.ts";
import { memberOf } from "./type-builder.ts";

/** A question to a model as its field takes it. */
export interface ModelQuestion {
  readonly operation: Operation;
  readonly schema: z.ZodType<object>;
  /** In the words of the OpenAI API, unchecked; `more` has what has no place of its own. */
  readonly input: unknown;
}

const permission = "inference.call";

/** Asks a model for a text, and waits for the whole of it. Rejects with PlatformError. */
export async function askForText(
  caller: ModelCaller,
  call: GraphCall,
  question: ModelQuestion,
): Promise<z.output<typeof textReply>> {
  const { facts, reply } = await caller.whole(toCallInput(call, question));
  const choice = firstOf(memberOf(reply, "choices"));
  const message = memberOf(choice, "message");
  return {
    ...shownFacts(facts),
    content: textOf(memberOf(message, "content") ?? memberOf(choice, "text")),
    reasoning: textOf(memberOf(message, "reasoning_content") ?? memberOf(message, "reasoning")),
    refusal: textOf(memberOf(message, "refusal")),
    tool_calls: memberOf(message, "tool_calls") ?? null,
    finish_reason: reasonOf(memberOf(choice, "finish_reason")),
    usage: readUsage(memberOf(reply, "usage")),
    reply: Object(reply),
  };
}

/** Asks a model for embeddings. Rejects with PlatformError. */
export async function askForEmbeddings(
  caller: ModelCaller,
  call: GraphCall,
  question: ModelQuestion,
): Promise<z.output<typeof embeddingReply>> {
  const { facts, reply } = await caller.whole(toCallInput(call, question));
  const data = memberOf(reply, "data");
  const vectors = (Array.isArray(data) ? data : []).map((each: unknown) => memberOf(each, "embedding"));
  return {
    ...shownFacts(facts),
    embeddings: vectors.map((vector) => (Array.isArray(vector) ? vector.map(Number) : [])),
    usage: readUsage(memberOf(reply, "usage")),
  };
}

/** Follows what a model says. Iteration rejects with PlatformError; leaving the loop gives the call up. */
export async function* followChat(
  caller: ModelCaller,
  call: GraphCall,
  question: ModelQuestion,
): AsyncGenerator<z.output<typeof chatEvent>, void> {
  const { facts, events } = await caller.call(toCallInput(call, question));
  const { request_id, integration, model } = shownFacts(facts);
  const blank = { ...noEvent, request_id };
  yield { ...blank, type: "start", integration, model };
  for await (const event of events) {
    const shown = toShownEvent(event);
    if (shown !== undefined) yield { ...blank, ...shown };
  }
}

function toCallInput(call: GraphCall, { operation, schema, input }: ModelQuestion) {
  call.requireCaller(operation);
  const { context, limitAddress, traceparent } = call;
  context.auditor.require(context, operation, permission);
  const { more, ...request } = Object(checkInput(schema, input));
  return {
    // Several fields of a request are as many calls, each with its own place in the ledger.
    requestId: call.nextRequestId(),
    operation,
    principal: context.principal,
    address: limitAddress,
    protocol: "graphql" as const,
    traceparent,
    request: { ...Object(more), ...request },
    cancellation: cancellationBy(context.signal),
  };
}

/** Follows the signal of a request, and goes with it. */
function cancellationBy(signal: AbortSignal): Cancellation {
  const cancellation = new Cancellation();
  const onAbort = () => cancellation.cancel(reasonOfAbort(signal));
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return cancellation;
}

function reasonOfAbort(signal: AbortSignal): PlatformError {
  const { reason }: { readonly reason: unknown } = signal;
  return reason instanceof PlatformError ? reason : goneClient();
}

function shownFacts({ requestId, integration, model, attempts }: ModelCallFacts) {
  return { request_id: requestId, integration: integration ?? null, model: model ?? null, attempts };
}

type ShownEvent = z.output<typeof chatEvent>;

const noEvent: Omit<ShownEvent, "request_id" | "type"> = {
  choice: null,
  content: null,
  reasoning: null,
  refusal: null,
  tool_calls: null,
  finish_reason: null,
  usage: null,
  warning: null,
  integration: null,
  model: null,
};

function toShownEvent(event: ModelEvent): (Partial<ShownEvent> & Pick<ShownEvent, "type">) | undefined {
  switch (event.type) {
    case "delta":
      return {
        type: "delta",
        choice: event.choice,
        content: event.content ?? null,
        reasoning: event.reasoning ?? null,
        refusal: event.refusal ?? null,
        tool_calls: event.toolCalls ?? null,
      };
    case "finish":
      return { type: "finish", choice: event.choice, finish_reason: event.reason };
    case "usage":
      return { type: "usage", usage: toShownUsage(event.usage) };
    case "warning":
      return { type: "warning", warning: event.message };
    case "end":
      return { type: "end" };
    case "error":
      throw event.error;
    case "embedding":
      return undefined;
    default:
      throw new PlatformError("internal", "A model said what is not known.");
  }
}

function toShownUsage(usage: Usage): ShownEvent["usage"] {
  return {
    input_tokens: usage.inputTokens ?? null,
    output_tokens: usage.outputTokens ?? null,
    cache_read_tokens: usage.cacheReadTokens ?? null,
    cache_write_tokens: usage.cacheWriteTokens ?? null,
    reasoning_tokens: usage.reasoningTokens ?? null,
  };
}

/** Usage as OpenAI tells it. */
function readUsage(usage: unknown): ShownEvent["usage"] {
  if (usage === undefined || usage === null) return null;
  const count = (...path: readonly string[]) => {
    const value = path.reduce<unknown>((from, name) => memberOf(from, name), usage);
    return typeof value === "number" ? value : null;
  };
  return {
    input_tokens: count("prompt_tokens"),
    output_tokens: count("completion_tokens"),
    cache_read_tokens: count("prompt_tokens_details", "cached_tokens"),
    cache_write_tokens: count("prompt_tokens_details", "cache_write_tokens"),
    reasoning_tokens: count("completion_tokens_details", "reasoning_tokens"),
  };
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function reasonOf(value: unknown): ShownEvent["finish_reason"] {
  return finishReasons.find((reason) => reason === value) ?? null;
}
