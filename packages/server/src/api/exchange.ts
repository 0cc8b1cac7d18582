import { PlatformError, type Reply } from "@llm-platform/kit";
import type { Caller, Gateway } from "../gateway/gateway.ts";
import type { GatewayCall } from "../gateway/gateway-call.ts";
import type { PlatformLog } from "../telemetry/log.ts";
import type { ClientReply, ReplyWatcher } from "../wire/client-reply.ts";
import { limitLines } from "./limit-headers.ts";
import { formatOverhead } from "./overhead-text.ts";
import { refuse } from "./refusal.ts";
import type { ReplyWriter } from "./reply-writer.ts";
import { StreamWriter, type StreamWriterParts } from "./stream-writer.ts";
import type { SurfaceDialect } from "./surface-dialect.ts";
import { WholeWriter } from "./whole-writer.ts";

export interface ExchangeParts extends StreamWriterParts {
  readonly gateway: Gateway;
  readonly log: PlatformLog;
}

export interface ExchangeInput {
  readonly parts: ExchangeParts;
  readonly endpoint: { readonly surface: SurfaceDialect };
  readonly call: GatewayCall;
  readonly client: ClientReply;
}

/** One call and its client: what the gateway answers is written to the one, and that the other left is told to it. */
export class Exchange implements Caller, ReplyWatcher {
  readonly parts: ExchangeParts;
  readonly endpoint: { readonly surface: SurfaceDialect };
  readonly call: GatewayCall;
  readonly client: ClientReply;
  readonly #writer: ReplyWriter;

  constructor({ parts, endpoint, call, client }: ExchangeInput) {
    this.parts = parts;
    this.endpoint = endpoint;
    this.call = call;
    this.client = client;
    this.#writer = call.stream ? new StreamWriter(this) : new WholeWriter(this);
  }

  begin(): void {
    this.client.watch(this);
    this.parts.gateway.handle(this.call, this);
  }

  onReply(reply: Reply): void {
    this.#writer.write(reply);
  }

  onFailure(error: PlatformError): void {
    const { call, client, endpoint } = this;
    if (error.code === "internal")
      this.parts.log.error("inference.failed", { request_id: call.id, ...call.trace?.logFields, error });
    if (client.isStarted) {
      this.#writer.fail(error);
      return;
    }
    this.#writer.leave();
    refuse(client, { id: call.id, error, endpoint, limit: call.limit });
  }

  onGone(): void {
    this.#writer.leave();
    this.call.cancellation.cancel(new PlatformError("client_cancelled", "The client closed the connection."));
  }

  onDrain(): void {
    this.#writer.resume();
  }

  /** Header lines of a reply that is not an error. */
  headers(reply: Reply | undefined): string {
    const { call } = this;
    let lines = `x-request-id: ${call.id}\r\n`;
    const { requestIdHeader } = this.endpoint.surface;
    if (requestIdHeader !== undefined) lines += `${requestIdHeader}: ${call.id}\r\n`;
    if (call.servedBy !== undefined) {
      const overhead = formatOverhead(call.sentAtMs - call.startedAtMs);
      lines += `${call.servedBy.replyHeaders}x-llmp-attempts: ${call.attempts}\r\nx-llmp-overhead-ms: ${overhead}\r\n`;
    }
    const processing = reply?.headers.get("openai-processing-ms");
    if (processing !== undefined && isShortNumber(processing))
      lines += `openai-processing-ms: ${processing}\r\n`;
    return call.limit === undefined ? lines : lines + limitLines(call.limit);
  }
}

const mostDigits = 9;
const digitZero = 0x30;
const digitNine = 0x39;

function isShortNumber(text: string): boolean {
  if (text.length === 0 || text.length > mostDigits) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < digitZero || code > digitNine) return false;
  }
  return true;
}
