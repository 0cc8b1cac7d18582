import {
  type ByteSink,
  type Cancellation,
  type CancelObserver,
  type JsonObject,
  type ModelEvent,
  type Operation,
  PlatformError,
  type Reply,
  toPlatformError,
} from "@llm-platform/kit";
import type { LimitVerdict } from "../core/limits.ts";
import type { Principal } from "../core/principal.ts";
import { OpenAiReplyDecoder } from "../gateway/dialects/openai-decoder.ts";
import type { Caller, Gateway } from "../gateway/gateway.ts";
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
  /** Cancelled when the client has gone or waits no longer; the call upstream is ended within the turn, with that reason. */
  readonly cancellation: Cancellation;
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
    call: (input) =>
      new Promise((resolve, onFailure) => {
        const { operation, cancellation } = input;
        const stream = operation !== "embedding";
        const link = openCall(gateway, input, stream);
        const { call } = link;
        const onReply = ({ body }: Reply) => {
          const decoder = new OpenAiReplyDecoder({ operation, stream });
          const giveUp = () => call.cancellation.cancel(cancellation.reason ?? goneClient());
          const events = new EventFlow({ decoder, body, giveUp, onOver: () => link.end() });
          resolve({ facts: factsOf(call), events });
        };
        gateway.handle(call, link.until({ onReply, onFailure }));
      }),
    whole: (input) =>
      new Promise((resolve, onFailure) => {
        const link = openCall(gateway, input, false);
        const onWhole = (reply: JsonObject) => {
          link.end();
          resolve({ facts: factsOf(link.call), reply });
        };
        const ends = link.until({
          onReply: ({ body }) => body.read(new WholeBody(onWhole, ends.onFailure)),
          onFailure,
        });
        gateway.handle(link.call, ends);
      }),
  };
}

/** A call that ends by its client's cancellation, until it has ended itself. */
class LinkedCall implements CancelObserver {
  readonly call: GatewayCall;
  readonly #cancellation: Cancellation;

  constructor(call: GatewayCall, cancellation: Cancellation) {
    this.call = call;
    this.#cancellation = cancellation;
    cancellation.onCancel(this);
  }

  onCancel(reason: PlatformError): void {
    this.call.cancellation.cancel(reason);
  }

  end(): void {
    this.#cancellation.offCancel(this);
  }

  /** The same caller; a call that fails has ended. */
  until({ onReply, onFailure }: Caller): Caller {
    return {
      onReply,
      onFailure: (error) => {
        this.end();
        onFailure(error);
      },
    };
  }
}

/** Throws PlatformError for a request that cannot be one, and for a client that has gone already. */
function openCall(gateway: Gateway, input: ModelCallInput, stream: boolean): LinkedCall {
  const { requestId: id, operation, principal, address, protocol, traceparent, cancellation } = input;
  if (cancellation.reason !== undefined) throw cancellation.reason;
  const body = Buffer.from(JSON.stringify(toBody(input, stream)));
  const call = gateway.open({
    id,
    operation,
    dialect: "openai",
    principal,
    address,
    head: scanRequest(body),
    body,
    stream,
    protocol,
    traceparent: toTraceparent(traceparent),
  });
  return new LinkedCall(call, cancellation);
}

/** Whether there is a stream is said by how a call is made. Usage is always asked for: it is an event like any other here. */
function toBody({ request }: ModelCallInput, stream: boolean): JsonObject {
  const isSaid = request["stream"] !== undefined || request["stream_options"] !== undefined;
  if (!stream && !isSaid) return request;
  const { stream: _stream, stream_options: _options, ...rest } = request;
  return stream ? { ...rest, stream: true, stream_options: { include_usage: true } } : rest;
}

/** What a client is told that has gone and gave no reason. */
export function goneClient(): PlatformError {
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

/** A reply that is one JSON object. */
class WholeBody implements ByteSink {
  readonly #onWhole: (reply: JsonObject) => void;
  readonly #onFailure: (error: PlatformError) => void;
  readonly #chunks: Uint8Array[] = [];

  constructor(onWhole: (reply: JsonObject) => void, onFailure: (error: PlatformError) => void) {
    this.#onWhole = onWhole;
    this.#onFailure = onFailure;
  }

  data(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
  }

  end(): void {
    let reply: JsonObject;
    try {
      // The gateway has read it as one JSON object of the OpenAI dialect.
      reply = JSON.parse(Buffer.concat(this.#chunks).toString("utf8")) as JsonObject;
    } catch (error) {
      this.#onFailure(toPlatformError(error));
      return;
    }
    this.#onWhole(reply);
  }

  fail(error: PlatformError): void {
    this.#onFailure(error);
  }
}
