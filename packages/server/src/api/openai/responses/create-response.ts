import { Cancellation, type JsonObject, type PlatformError, toPlatformError } from "@llm-platform/kit";
import type { Principal } from "../../../core/principal.ts";
import { decodeOpenAiReply } from "../../../gateway/dialects/openai-reply.ts";
import { readResponsesRequest, toChatRequest } from "../../../gateway/dialects/responses/decode-request.ts";
import type { ResponsesRequest } from "../../../gateway/dialects/responses/request-schema.ts";
import { ResponseEncoder, toResponseId } from "../../../gateway/dialects/responses/response-encoder.ts";
import { formatTargetLines } from "../../../gateway/targets.ts";
import type { ResponseTable } from "../../../store/responses/response-table.ts";
import type { ClientReply } from "../../../wire/client-reply.ts";
import { scanRequest } from "../../../wire/request-scan.ts";
import type { InferenceParts } from "../../inference.ts";
import { limitLines } from "../../limit-headers.ts";
import {
  goneClient,
  type ModelCallFacts,
  type ModelCaller,
  type ModelCallInput,
} from "../../model-caller.ts";
import { refuse } from "../../refusal.ts";
import { openAiDialect } from "../dialect.ts";
import { resolveInput } from "./response-input.ts";
import { ResponseStream } from "./response-stream.ts";

export interface CreateResponseParts extends InferenceParts {
  readonly caller: ModelCaller;
  readonly responses: ResponseTable;
}

/** A request to make a response, of a caller who may. */
export interface ResponseCall {
  readonly requestId: string;
  readonly principal: Principal;
  readonly address: string | undefined;
  readonly traceparent: string | undefined;
  readonly body: Buffer;
  readonly client: ClientReply;
}

/** Makes one response: a chat, told in the words of `/v1/responses`, and kept before its end is told. Never rejects. */
export async function createResponse(parts: CreateResponseParts, call: ResponseCall): Promise<void> {
  const making = new Making(parts, call);
  try {
    await making.run();
  } catch (thrown) {
    making.fail(toPlatformError(thrown));
  }
}

/** Whose the responses of a caller are: the same person's, whichever key or token it came with. */
export function ownerOf({ id, userId }: Principal): string {
  return userId ?? id;
}

class Making {
  readonly #parts: CreateResponseParts;
  readonly #call: ResponseCall;
  readonly #responseId: string;
  readonly #gone = new Cancellation();
  readonly #createdAtMs = Date.now();
  #stream: ResponseStream | undefined;
  #encoder: ResponseEncoder | undefined;
  #facts: ModelCallFacts | undefined;
  #input: readonly JsonObject[] = [];

  constructor(parts: CreateResponseParts, call: ResponseCall) {
    this.#parts = parts;
    this.#call = call;
    this.#responseId = toResponseId(call.requestId);
  }

  async run(): Promise<void> {
    const { body, principal } = this.#call;
    // Bounds on nesting and size before anything is parsed.
    scanRequest(body);
    const asked = readResponsesRequest(JSON.parse(body.toString("utf8")));
    const { before, input } = await resolveInput(asked, {
      table: this.#parts.responses,
      owner: ownerOf(principal),
      responseId: this.#responseId,
      mostBytes: this.#parts.maxBodyBytes,
    });
    this.#input = input;
    const request = toChatRequest(asked, [...before, ...input]);
    const createdSeconds = Math.floor(this.#createdAtMs / 1_000);
    const encoder = new ResponseEncoder({ id: this.#responseId, createdSeconds, request: asked });
    this.#encoder = encoder;
    if (asked.stream === true) await this.#runStream(encoder, asked, request);
    else await this.#runWhole(encoder, asked, request);
  }

  fail(error: PlatformError): void {
    const { client, requestId: id } = this.#call;
    this.#stream?.leave();
    if (error.code === "internal") this.#parts.log.error("inference.failed", { request_id: id, error });
    if (!client.isStarted) {
      refuse(client, { id, error, endpoint: { surface: openAiDialect }, limit: this.#facts?.limit });
      return;
    }
    if (error.code === "client_cancelled" || this.#encoder === undefined) {
      client.destroy();
      return;
    }
    if (client.isOpen) client.write(Buffer.from(this.#encoder.fail(error)));
    client.end();
  }

  async #runWhole(encoder: ResponseEncoder, asked: ResponsesRequest, request: JsonObject): Promise<void> {
    const { client } = this.#call;
    client.watch({ onGone: () => this.#gone.cancel(goneClient()), onDrain: () => undefined });
    const { facts, reply } = await this.#parts.caller.whole(this.#toInput(request));
    this.#facts = facts;
    for (const event of decodeOpenAiReply(reply, "chat")) {
      if (event.type === "error") throw event.error;
      encoder.add(event);
    }
    encoder.close();
    const response = await this.#keep(encoder, asked);
    const lines = `${this.#headers()}content-type: application/json\r\n`;
    client.send(200, lines, Buffer.from(JSON.stringify(response)));
  }

  async #runStream(encoder: ResponseEncoder, asked: ResponsesRequest, request: JsonObject): Promise<void> {
    const { client } = this.#call;
    const stream = new ResponseStream({
      client,
      parts: this.#parts,
      headers: () => this.#headers(),
      opening: () => encoder.begin(this.#isWanted(asked)),
      onGone: () => this.#gone.cancel(goneClient()),
    });
    this.#stream = stream;
    const { facts, events } = await this.#parts.caller.call(this.#toInput(request));
    this.#facts = facts;
    stream.begin();
    for await (const event of events) {
      if (event.type === "error") throw event.error;
      await stream.write(encoder.add(event));
    }
    await stream.write(encoder.close());
    const response = await this.#keep(encoder, asked);
    await stream.write(encoder.end(response));
    stream.leave();
    client.end();
  }

  #toInput(request: JsonObject): ModelCallInput {
    const { requestId, principal, address, traceparent } = this.#call;
    return {
      requestId,
      operation: "chat",
      principal,
      address,
      request,
      traceparent,
      cancellation: this.#gone,
    };
  }

  #isWanted({ store }: ResponsesRequest): boolean {
    return store !== false && this.#parts.responses.isKeeping;
  }

  /** The response as it ended, once it can be asked for. One that cannot be kept is answered all the same, and says so. */
  async #keep(encoder: ResponseEncoder, asked: ResponsesRequest): Promise<JsonObject> {
    const completedSeconds = Math.floor(Date.now() / 1_000);
    const kept = encoder.finished({ completedSeconds, isStored: true });
    const notKept = () => encoder.finished({ completedSeconds, isStored: false });
    if (!this.#isWanted(asked)) return notKept();
    try {
      await this.#parts.responses.insert({
        id: this.#responseId,
        owner: ownerOf(this.#call.principal),
        previousId: asked.previous_response_id ?? null,
        createdAtMs: this.#createdAtMs,
        input: this.#input,
        response: kept,
      });
      return kept;
    } catch (error) {
      this.#parts.log.warn("responses.not_kept", { request_id: this.#call.requestId, error });
      return notKept();
    }
  }

  #headers(): string {
    let lines = `x-request-id: ${this.#call.requestId}\r\n`;
    const facts = this.#facts;
    if (facts === undefined) return lines;
    if (facts.integration !== undefined && facts.model !== undefined)
      lines += `${formatTargetLines(facts.integration, facts.model)}x-llmp-attempts: ${facts.attempts}\r\nx-llmp-overhead-ms: ${facts.overheadMs.toFixed(2)}\r\n`;
    return facts.limit === undefined ? lines : lines + limitLines(facts.limit);
  }
}
