import type { ReplyHeaders } from "@llm-platform/kit";
import { isNameAt } from "./header-name.ts";

/** How the body of a response is delimited (RFC 9112 section 6.3). */
export type BodyFraming =
  | { readonly type: "none" }
  | { readonly type: "length"; readonly bytes: number }
  | { readonly type: "chunked" }
  | { readonly type: "until_close" };

export interface ResponseHead {
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly framing: BodyFraming;
  /** Whether the connection can carry another request after this one. */
  readonly isReusable: boolean;
}

/** The head of a response is not HTTP/1.x. */
export class ResponseHeadError extends Error {}

/**
 * Parses a response head.
 * @param text status line and header lines in Latin-1, each ended by CRLF, without the empty line
 * @throws ResponseHeadError
 */
export function parseResponseHead(text: string): ResponseHead {
  const lineEnd = text.indexOf("\r\n");
  const status = parseStatus(text, lineEnd);
  const headers = new HeaderLines(text, lineEnd + 2);
  const connection = headers.connection?.toLowerCase();
  const isVersion11 = text.charCodeAt(7) === 0x31;
  const isReusable = isVersion11 ? !hasToken(connection, "close") : hasToken(connection, "keep-alive");
  const framing = framingOf(status, headers);
  return { status, headers, framing, isReusable: isReusable && framing.type !== "until_close" };
}

function parseStatus(text: string, lineEnd: number): number {
  if (!text.startsWith("HTTP/1.") || lineEnd < 12) throw new ResponseHeadError("not an HTTP/1.x response");
  const status = Number(text.slice(9, 12));
  if (!Number.isInteger(status) || status < 100 || status > 999)
    throw new ResponseHeadError("no status code");
  return status;
}

function framingOf(status: number, headers: HeaderLines): BodyFraming {
  if (status < 200 || status === 204 || status === 304) return { type: "none" };
  const coding = headers.transferEncoding;
  const length = headers.contentLength;
  if (coding !== undefined) {
    if (coding.toLowerCase() !== "chunked") throw new ResponseHeadError("unknown transfer coding");
    if (length !== undefined) throw new ResponseHeadError("both a length and a transfer coding");
    return { type: "chunked" };
  }
  if (length === undefined) return { type: "until_close" };
  if (!/^\d{1,15}$/.test(length)) throw new ResponseHeadError("bad content-length");
  return { type: "length", bytes: Number(length) };
}

function hasToken(value: string | undefined, token: string): boolean {
  return value !== undefined && value.split(",").some((part) => part.trim() === token);
}

/** Header lines: those that every reply is asked for are found in one pass, the others when they are asked for. */
class HeaderLines implements ReplyHeaders {
  readonly #text: string;
  readonly #from: number;
  connection: string | undefined;
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  #contentType: string | undefined;
  #contentEncoding: string | undefined;
  #processingMs: string | undefined;

  constructor(text: string, from: number) {
    this.#text = text;
    this.#from = from;
    let at = from;
    while (at < text.length) {
      const end = endOfLine(text, at);
      this.#note(at, end);
      at = end + 2;
    }
  }

  /** The first value of a header. */
  get(name: string): string | undefined {
    if (name === "content-type") return this.#contentType;
    if (name === "content-encoding") return this.#contentEncoding;
    if (name === "openai-processing-ms") return this.#processingMs;
    let at = this.#from;
    while (at < this.#text.length) {
      const end = endOfLine(this.#text, at);
      if (this.#isNamed(at, name)) return this.#valueOf(at, name, end);
      at = end + 2;
    }
    return undefined;
  }

  #note(at: number, end: number): void {
    // Few lines begin with these letters, and each of the names does.
    switch (this.#text.charCodeAt(at) | 0x20) {
      case 0x63:
        this.#noteWithC(at, end);
        return;
      case 0x74:
        if (this.#isNamed(at, "transfer-encoding"))
          this.transferEncoding = this.#only("transfer-encoding", this.transferEncoding, { at, end });
        return;
      case 0x6f:
        if (this.#isNamed(at, "openai-processing-ms"))
          this.#processingMs ??= this.#valueOf(at, "openai-processing-ms", end);
        return;
      default:
    }
  }

  #noteWithC(at: number, end: number): void {
    if (this.#isNamed(at, "content-type")) this.#contentType ??= this.#valueOf(at, "content-type", end);
    else if (this.#isNamed(at, "content-length"))
      this.contentLength = this.#only("content-length", this.contentLength, { at, end });
    else if (this.#isNamed(at, "connection")) this.connection ??= this.#valueOf(at, "connection", end);
    else if (this.#isNamed(at, "content-encoding"))
      this.#contentEncoding ??= this.#valueOf(at, "content-encoding", end);
  }

  /** Of a header that frames the message, two different values are an attack or an accident. */
  #only(
    name: string,
    known: string | undefined,
    { at, end }: { readonly at: number; readonly end: number },
  ): string {
    const value = this.#valueOf(at, name, end);
    if (known !== undefined && known !== value) throw new ResponseHeadError(`two values of ${name}`);
    return value;
  }

  #valueOf(at: number, name: string, end: number): string {
    return this.#text.slice(at + name.length + 1, end).trim();
  }

  #isNamed(at: number, name: string): boolean {
    return this.#text.charCodeAt(at + name.length) === 0x3a && isNameAt(this.#text, at, name);
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\r\n", from);
  return end < 0 ? text.length : end;
}
