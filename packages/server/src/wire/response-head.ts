import type { ReplyHeaders } from "@llm-platform/kit";

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
  const connection = headers.get("connection")?.toLowerCase();
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
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
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

/** Header lines that are searched when asked, since few of them ever are. */
class HeaderLines implements ReplyHeaders {
  readonly #text: string;
  readonly #from: number;

  constructor(text: string, from: number) {
    this.#text = text;
    this.#from = from;
  }

  /** The first value of a header; a repeated content-length or transfer-encoding is refused. */
  get(name: string): string | undefined {
    const text = this.#text;
    let found: string | undefined;
    let at = this.#from;
    while (at < text.length) {
      const lineEnd = text.indexOf("\r\n", at);
      const end = lineEnd < 0 ? text.length : lineEnd;
      if (text.charCodeAt(at + name.length) === 0x3a && isName(text, at, name)) {
        const value = text.slice(at + name.length + 1, end).trim();
        if (found !== undefined && found !== value && isFraming(name))
          throw new ResponseHeadError(`two values of ${name}`);
        found ??= value;
        if (!isFraming(name)) return found;
      }
      at = end + 2;
    }
    return found;
  }
}

function isFraming(name: string): boolean {
  return name === "content-length" || name === "transfer-encoding";
}

function isName(text: string, at: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const code = text.charCodeAt(at + index);
    const lower = code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
    if (lower !== name.charCodeAt(index)) return false;
  }
  return true;
}
