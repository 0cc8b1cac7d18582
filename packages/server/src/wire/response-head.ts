import type { ReplyHeaders } from "@llm-platform/kit";
import { endOfName, isNameAt, isValueByte } from "./header-name.ts";

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
  /** Where the digits of content-length stand, when there is one. */
  readonly lengthDigits: DigitRange | undefined;
}

/** Offsets into the head. */
export interface DigitRange {
  readonly start: number;
  readonly end: number;
}

/** The head of a response is not HTTP/1.x. */
export class ResponseHeadError extends Error {}

/**
 * Parses a response head (RFC 9112 sections 4 and 5):
 *
 *     "HTTP/1." ( "0" / "1" ) SP 3DIGIT [ SP reason ] CRLF
 *     *( token ":" *( HTAB / SP / VCHAR / obs-text ) CRLF )
 *
 * Of lines that frame the body each may stand once, and one of them only (section 6.3): readers disagree on the rest,
 * as on folded lines, so it is refused.
 * @param text status line and header lines in Latin-1, each ended by CRLF, without the empty line
 * @throws ResponseHeadError
 */
export function parseResponseHead(text: string): ResponseHead {
  const lineEnd = endOfText(text, 0);
  const status = parseStatus(text, lineEnd);
  const headers = new HeaderLines(text, lineEnd + 2);
  const framing = framingOf(status, headers);
  const isVersion11 = text.charCodeAt(7) === 0x31;
  const mayReuse = isVersion11 ? !headers.isClosing : headers.isKeptAlive;
  return {
    status,
    headers,
    framing,
    isReusable: mayReuse && framing.type !== "until_close",
    lengthDigits: headers.lengthDigits,
  };
}

/** `HTTP/1.` digit, three digits of the status between blanks, and a reason that may be missing. */
function parseStatus(text: string, lineEnd: number): number {
  const minor = text.charCodeAt(7);
  const isKnown = minor === 0x30 || minor === 0x31;
  if (!text.startsWith("HTTP/1.") || !isKnown || text.charCodeAt(8) !== 0x20)
    throw new ResponseHeadError("not an HTTP/1.x response");
  const status = readDigits(text, 9, 12);
  const isEnded = lineEnd === 12 || text.charCodeAt(12) === 0x20;
  if (status < 100 || !isEnded) throw new ResponseHeadError("no status code");
  return status;
}

function framingOf(status: number, headers: HeaderLines): BodyFraming {
  if (headers.isChunked && headers.contentLength >= 0)
    throw new ResponseHeadError("both a length and a transfer coding");
  if (status < 200 || status === 204 || status === 304) return noBody;
  if (headers.isChunked) return chunked;
  return headers.contentLength < 0 ? untilClose : { type: "length", bytes: headers.contentLength };
}

const noBody: BodyFraming = { type: "none" };
const chunked: BodyFraming = { type: "chunked" };
const untilClose: BodyFraming = { type: "until_close" };

/** Lines that are one hop's own, or written anew with the next head. */
const hopLines = /^(?:connection|keep-alive|transfer-encoding|content-length|date):/i;

/** The header lines of a reply for the next hop, each ended by CRLF. Throws Error for headers that no head was read for. */
export function linesForNextHop(headers: ReplyHeaders): string {
  if (!(headers instanceof HeaderLines)) throw new Error("these headers have no lines");
  return headers.lines
    .split("\r\n")
    .filter((line) => line !== "" && !hopLines.test(line))
    .map((line) => `${line}\r\n`)
    .join("");
}

/** Header lines: those that every reply is asked for are found in one pass, the others when they are asked for. */
class HeaderLines implements ReplyHeaders {
  readonly #text: string;
  readonly #from: number;
  /** -1 where there is none. */
  contentLength = -1;
  lengthDigits: DigitRange | undefined;
  isChunked = false;
  isClosing = false;
  isKeptAlive = false;
  #contentType: string | undefined;
  #contentEncoding: string | undefined;
  #processingMs: string | undefined;

  constructor(text: string, from: number) {
    this.#text = text;
    this.#from = from;
    let at = from;
    while (at < text.length) {
      const nameEnd = endOfName(text, at);
      if (nameEnd === at || text.charCodeAt(nameEnd) !== 0x3a)
        throw new ResponseHeadError("a line that is not a header");
      const end = endOfText(text, nameEnd + 1);
      this.#note(at, end);
      at = end + 2;
    }
  }

  /** All of them as they came, each ended by CRLF. */
  get lines(): string {
    return this.#text.slice(this.#from);
  }

  /** The first value of a header. Of the length only the framing tells: a head that is known again has one of its own. */
  get(name: string): string | undefined {
    if (name === "content-length") return undefined;
    if (name === "content-type") return this.#contentType;
    if (name === "content-encoding") return this.#contentEncoding;
    if (name === "openai-processing-ms") return this.#processingMs;
    let at = this.#from;
    while (at < this.#text.length) {
      const end = this.#text.indexOf("\r", at);
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
          this.#noteCoding(this.#text.slice(at + "transfer-encoding:".length, end));
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
    else if (this.#isNamed(at, "content-length")) this.#noteLength(at + "content-length:".length, end);
    else if (this.#isNamed(at, "connection")) this.#noteConnection(this.#valueOf(at, "connection", end));
    else if (this.#isNamed(at, "content-encoding"))
      this.#contentEncoding ??= this.#valueOf(at, "content-encoding", end);
  }

  /** Of a header that frames the message, a second line is an attack or an accident. */
  #noteLength(from: number, lineEnd: number): void {
    const start = skipBlanks(this.#text, from, lineEnd);
    const end = skipBlanksBack(this.#text, start, lineEnd);
    const length = readDigits(this.#text, start, end);
    if (length < 0) throw new ResponseHeadError("bad content-length");
    if (this.contentLength >= 0) throw new ResponseHeadError("two lines of content-length");
    this.lengthDigits = { start, end };
    this.contentLength = length;
  }

  /** Readers disagree on a coding between tabs, so it is not known here. */
  #noteCoding(value: string): void {
    if (this.isChunked || !/^ *chunked *$/i.test(value))
      throw new ResponseHeadError("unknown or repeated transfer coding");
    this.isChunked = true;
  }

  #noteConnection(value: string): void {
    if (value === "keep-alive") {
      this.isKeptAlive = true;
      return;
    }
    for (const part of value.toLowerCase().split(",")) {
      const option = part.trim();
      if (option === "close") this.isClosing = true;
      else if (option === "keep-alive") this.isKeptAlive = true;
    }
  }

  #valueOf(at: number, name: string, lineEnd: number): string {
    const start = skipBlanks(this.#text, at + name.length + 1, lineEnd);
    return this.#text.slice(start, skipBlanksBack(this.#text, start, lineEnd));
  }

  #isNamed(at: number, name: string): boolean {
    return this.#text.charCodeAt(at + name.length) === 0x3a && isNameAt(this.#text, at, name);
  }
}

/**
 * Offset of the CR that ends a line. Control characters, and a CR or LF alone, are not HTTP
 * (RFC 9112 section 2.2, RFC 9110 section 5.5).
 */
function endOfText(text: string, from: number): number {
  let at = from;
  while (isValueByte(text.charCodeAt(at))) at++;
  if (text.charCodeAt(at) !== 0x0d || text.charCodeAt(at + 1) !== 0x0a)
    throw new ResponseHeadError("a line that does not end in CRLF, or a control character");
  return at;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function skipBlanks(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && isBlank(text.charCodeAt(at))) at++;
  return at;
}

function skipBlanksBack(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(text.charCodeAt(at - 1))) at--;
  return at;
}

/** Up to this many digits a number is exact. */
const mostDigits = 15;

/** The number in `text[start, end)`; -1 when that is not digits alone, or too many of them. */
function readDigits(text: string, start: number, end: number): number {
  if (start >= end || end - start > mostDigits) return -1;
  let number = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return -1;
    number = number * 10 + code - 0x30;
  }
  return number;
}
