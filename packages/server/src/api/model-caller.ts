import {
  type JsonObject,
  type ModelEvent,
  type Operation,
  PlatformError,
  type Reply,
} from "@llm-platform/kit";
import type { LimitVerdict } from "../core/limits.ts";
import type { Principal } from "../core/principal.ts";
import { OpenAiReplyDecoder } from "../gateway/dialects/openai-decoder.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { GatewayCall } from "../gateway/gateway-call.ts";
import type { CallProtocol } from "../gateway/tracing/traced-call.ts";
import { scanRequest } from "../wire/request-scan.ts";
import { EventFlow } from "./event-flow.ts";
import { toTraceparent } from "./traceparent.ts";

/** A model call of a protocol that does not pass bytes through. */
export interface ModelCallInput {
  /** Unique for ever; what the client is told. */
  readonly requestId: string;
  readonly operation: Operation;
  readonly principal: Principal;
  /** What the caller's address is counted by; undefined where none has a limit. */
  readonly address?: string | undefined;
  /** In OpenAI's shape, with `model`. Whether it is a stream is decided by how it is called. */
  readonly request: JsonObject;
  /** What the client speaks. */
  readonly protocol?: CallProtocol;
  /** W3C traceparent of the client; one that is not well formed is ignored. */
  readonly traceparent?: string | undefined;
  /**
   * Aborted when the client has gone; the call upstream is ended within the turn. With a PlatformError as its reason the
   * call ends with that one, for example because the client's own deadline has passed.
   */
  readonly signal: AbortSignal;
}

/** What is known of a call once it is answered. */
export interface ModelCallFacts {
  readonly requestId: string;
  /** Who answered; undefined when nobody was asked. */
  readonly integration: string | undefined;
  /** The model's name there. */
  readonly model: string | undefined;
  readonly attempts: number;
  /** From the call's arrival to the first attempt, in milliseconds. */
  readonly overheadMs: number;
  /** The caller's limits as the call found them; undefined where it has none. */
  readonly limit: LimitVerdict | undefined;
}

export interface ModelReply {
  readonly facts: ModelCallFacts;
  /**
   * What the model says, once. A reply that was cut ends by throwing the PlatformError that says so; leaving the loop before
   * its end gives the call up. Events that are not fetched hold the upstream back.
   */
  readonly events: AsyncIterable<ModelEvent>;
}

export interface WholeReply {
  readonly facts: ModelCallFacts;
  /** In OpenAI's shape. */
  readonly reply: JsonObject;
}

/** How protocols other than plain HTTP call models: through the same stages, to the same records. */
export interface ModelCaller {
  /** Resolves at the first content. Rejects with PlatformError. */
  call(input: ModelCallInput): Promise<ModelReply>;
  /** Resolves when the reply is whole. Rejects with PlatformError. */
  whole(input: ModelCallInput): Promise<WholeReply>;
}

export function createModelCaller({ gateway }: { readonly gateway: Gateway }): ModelCaller {
  return {
    async call(input) {
      const stream = input.operation !== "embedding";
      const { call, reply, letGo } = await answered(gateway, input, stream);
      const decoder = new OpenAiReplyDecoder({ operation: input.operation, stream });
      const events = new EventFlow({
        decoder,
        body: reply.body,
        giveUp: () => call.cancellation.cancel(gone(input.signal)),
        onOver: letGo,
      });
      return { facts: factsOf(call), events };
    },
    async whole(input) {
      const { call, reply, letGo } = await answered(gateway, input, false);
      try {
        return { facts: factsOf(call), reply: parseReply(await gather(reply)) };
      } finally {
        letGo();
      }
    },
  };
}

interface Answered {
  readonly call: GatewayCall;
  readonly reply: Reply;
  /** Lets go of the caller's signal. */
  letGo(): void;
}

/** Has a call answered; its client's signal ends it until it is let go of. */
async function answered(gateway: Gateway, input: ModelCallInput, stream: boolean): Promise<Answered> {
  const { requestId: id, operation, principal, address, protocol, signal } = input;
  if (signal.aborted) throw gone(signal);
  const body = Buffer.from(JSON.stringify(toBody(input, stream)));
  const head = scanRequest(body);
  const call = gateway.open({
    id,
    operation,
    dialect: "openai",
    principal,
    address,
    head,
    body,
    stream,
    protocol,
    traceparent: toTraceparent(input.traceparent),
  });
  const onAbort = () => call.cancellation.cancel(gone(signal));
  const letGo = () => signal.removeEventListener("abort", onAbort);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const reply = await new Promise<Reply>((onReply, onFailure) =>
      gateway.handle(call, { onReply, onFailure }),
    );
    return { call, reply, letGo };
  } catch (error) {
    letGo();
    throw error;
  }
}

/** Usage is always asked for: it is an event like any other here. */
function toBody({ request }: ModelCallInput, stream: boolean): JsonObject {
  const { stream: _stream, stream_options: _options, ...rest } = request;
  return stream ? { ...rest, stream: true, stream_options: { include_usage: true } } : rest;
}

function gone(signal: AbortSignal): PlatformError {
  const { reason }: { readonly reason: unknown } = signal;
  if (reason instanceof PlatformError) return reason;
  return new PlatformError("client_cancelled", "The client gave up the call.");
}

function factsOf(call: GatewayCall): ModelCallFacts {
  const { id, servedBy, attempts, sentAtMs, startedAtMs, limit } = call;
  return {
    requestId: id,
    integration: servedBy?.integration,
    model: servedBy?.model,
    attempts,
    overheadMs: servedBy === undefined ? 0 : sentAtMs - startedAtMs,
    limit,
  };
}

function gather(reply: Reply): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    reply.body.read({
      data: (chunk) => void chunks.push(chunk),
      end: () => resolve(Buffer.concat(chunks)),
      fail: reject,
    });
  });
}

function parseReply(bytes: Buffer): JsonObject {
  // The gateway has read it as one JSON object of the OpenAI dialect.
  return JSON.parse(bytes.toString("utf8")) as JsonObject;
}
