import {
  type ByteSink,
  Cancellation,
  PlatformError,
  type Upstream,
  type UpstreamReply,
} from "@llm-platform/kit";
import { statusOf } from "../core/error-status.ts";
import { type ClientReply, headerLine, type ReplyWatcher } from "../wire/client-reply.ts";
import type { HttpHead } from "../wire/http-head.ts";
import { newRequestId } from "../wire/request-id.ts";
import { linesForNextHop } from "../wire/response-head.ts";
import { errorHeaders } from "./error-envelope.ts";
import type { ReadRequest } from "./inference.ts";

type HeaderLines = readonly (readonly [string, string])[];

/** What of the caller's head decides how a request is answered. */
const passedOn = [
  "host",
  "authorization",
  "x-api-key",
  "api-key",
  "origin",
  "traceparent",
  "anthropic-version",
  "anthropic-beta",
] as const;

/** What may wait in memory for a slow client before the other process is paused. */
const mostBufferedBytes = 256 * 1024;

/** Hands requests to another process of the platform, one by one, and its replies to the clients as they come. */
export function createForwarder(upstream: Upstream): (request: ReadRequest) => void {
  /** A connection mostly sends the same head again: its lines are made once. */
  const linesByHead = new WeakMap<HttpHead, HeaderLines>();

  function linesOf(head: HttpHead, peer: string): HeaderLines {
    const known = linesByHead.get(head);
    if (known !== undefined) return known;
    const lines: [string, string][] = [["content-type", "application/json"]];
    for (const name of passedOn) {
      const value = head[name];
      if (value !== undefined) lines.push([name, value]);
    }
    // As a proxy does: the process that is asked believes this one, and what it believes of this one's client.
    lines.push(["x-forwarded-for", [head["x-forwarded-for"], peer].filter(Boolean).join(", ")]);
    linesByHead.set(head, lines);
    return lines;
  }

  return (request) => {
    const { head, body, client, peer } = request;
    const cancellation = new Cancellation();
    const reply = new ForwardedReply(client, cancellation);
    client.watch(reply);
    upstream.send({ method: "POST", path: head.path, headers: linesOf(head, peer), body, cancellation }).then(
      (upstreamReply) => reply.begin(upstreamReply),
      (cause: unknown) => refuse(request, cause),
    );
  };
}

/** A reply of another process on its way to the client: a stream as it comes, any other whole. */
class ForwardedReply implements ByteSink, ReplyWatcher {
  readonly #client: ClientReply;
  readonly #cancellation: Cancellation;
  #reply: UpstreamReply | undefined;
  #isStream = false;
  #isOver = false;
  #chunks: Uint8Array[] = [];

  constructor(client: ClientReply, cancellation: Cancellation) {
    this.#client = client;
    this.#cancellation = cancellation;
  }

  begin(reply: UpstreamReply): void {
    if (this.#isOver || !this.#client.isOpen) {
      reply.body.cancel();
      return;
    }
    this.#reply = reply;
    const type = reply.headers.get("content-type") ?? "";
    this.#isStream = !type.startsWith("application/json");
    if (this.#isStream) {
      this.#client.start(reply.status, linesForNextHop(reply.headers));
    }
    reply.body.read(this);
  }

  onGone(): void {
    this.#isOver = true;
    this.#reply?.body.cancel();
    this.#cancellation.cancel(new PlatformError("client_cancelled", "The client closed the connection."));
  }

  onDrain(): void {
    this.#reply?.body.resume();
  }

  data(chunk: Uint8Array): void {
    if (this.#isOver) return;
    if (!this.#isStream) {
      this.#chunks.push(chunk);
      return;
    }
    this.#client.write(chunk);
    if (this.#client.waitingBytes > mostBufferedBytes) this.#reply?.body.pause();
  }

  end(): void {
    if (this.#isOver || this.#reply === undefined) return;
    this.#isOver = true;
    const { status, headers } = this.#reply;
    if (this.#isStream) this.#client.end();
    else this.#client.send(status, linesForNextHop(headers), Buffer.concat(this.#chunks));
  }

  /** A reply that broke off breaks off for the client too. */
  fail(): void {
    this.#isOver = true;
    this.#client.destroy();
  }
}

/** The other process could not be reached, which is the platform's fault and passes. */
function refuse({ client, endpoint }: ReadRequest, cause: unknown): void {
  if (!client.isOpen || client.isStarted) return;
  const id = newRequestId();
  const error = new PlatformError("unavailable", "The server is restarting a part of itself. Try again.", {
    cause,
    retryAfterMs: 1_000,
  });
  const headers = { "content-type": "application/json", ...errorHeaders(error, id) };
  const lines = Object.entries(headers).map(([name, value]) => headerLine(name, value));
  client.send(statusOf(error.code), lines.join(""), Buffer.from(endpoint.surface.formatError(error, id)));
}
