import { endOfName, isNameAt } from "./header-name.ts";
import { mostHeaderLines } from "./http-limits.ts";

/**
 * Request heads that the fast lane takes (RFC 9112 sections 2, 3 and 5, of which this is a small part):
 *
 *     POST SP path SP HTTP/1.1 CRLF
 *     *( token ":" OWS *( HTAB / SP / VCHAR ) CRLF )
 *
 * with one `host`, one `content-length` in digits, and `connection` absent, `keep-alive` or `close`.
 * Everything else is not judged here but left to node:http: another method or version, a query, a transfer coding,
 * `expect`, `upgrade`, `content-encoding`, `proxy-connection` (which llhttp takes for `connection`), a repeated header
 * of those that are read, folded lines, bare CR or LF, bytes above 0x7e, white space before a colon.
 */
export class HttpHead {
  path = "";
  /** Length of the body in bytes. */
  contentLength = -1;
  /** Where the digits of the length stand. */
  lengthStart = 0;
  lengthEnd = 0;
  /** Whether the client takes no further reply on this connection. */
  isLast = false;
  host: string | undefined;
  authorization: string | undefined;
  origin: string | undefined;
  traceparent: string | undefined;
  "x-api-key": string | undefined;
  "api-key": string | undefined;
  "x-forwarded-for": string | undefined;
  "anthropic-version": string | undefined;
  "anthropic-beta": string | undefined;
}

const requestStart = "POST ";
const requestEnd = " HTTP/1.1";
const plainPath = /^\/[\x21-\x7e]*$/;
const colon = 0x3a;
const blank = 0x20;
const tab = 0x09;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const lastVisible = 0x7e;

/**
 * Reads a head.
 * @param text request line and header lines in Latin-1, each ended by CRLF, without the empty line
 * @returns undefined for a head that is node:http's to read
 */
export function readHttpHead(text: string): HttpHead | undefined {
  const lineEnd = text.indexOf("\r\n");
  const pathEnd = lineEnd - requestEnd.length;
  if (pathEnd <= requestStart.length || !text.startsWith(requestStart)) return undefined;
  if (!text.startsWith(requestEnd, pathEnd)) return undefined;
  const head = new HttpHead();
  head.path = copyOf(text, requestStart.length, pathEnd);
  if (!plainPath.test(head.path)) return undefined;
  let at = lineEnd + 2;
  for (let lines = 0; at < text.length; lines++) {
    const nameEnd = endOfName(text, at);
    if (nameEnd === at || text.charCodeAt(nameEnd) !== colon || lines === mostHeaderLines) return undefined;
    const valueStart = skipBlanks(text, nameEnd + 1);
    const valueEnd = endOfValue(text, valueStart);
    if (text.charCodeAt(valueEnd) !== carriageReturn || text.charCodeAt(valueEnd + 1) !== lineFeed)
      return undefined;
    if (!note(head, { text, at, nameEnd, valueStart, valueEnd })) return undefined;
    at = valueEnd + 2;
  }
  return head.contentLength < 0 || head.host === undefined ? undefined : head;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== blank && code !== tab) return at;
    at++;
  }
}

/** Offset of the first byte that may not stand in a value; a good one is followed by CR there. */
function endOfValue(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    const isAllowed = (code >= blank && code <= lastVisible) || code === tab;
    if (!isAllowed) return at;
    at++;
  }
}

interface Line {
  readonly text: string;
  readonly at: number;
  readonly nameEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Keeps what is read of a line. Returns false when the whole head is node:http's. */
function note(head: HttpHead, line: Line): boolean {
  switch (line.nameEnd - line.at) {
    case 4:
      return noteOnce(head, line, "host");
    case 6:
      return !isNameAt(line.text, line.at, "expect") && noteOnce(head, line, "origin");
    case 7:
      return !isNameAt(line.text, line.at, "upgrade") && noteOnce(head, line, "api-key");
    case 9:
      return noteOnce(head, line, "x-api-key");
    case 10:
      return !isNameAt(line.text, line.at, "connection") || noteConnection(head, valueOf(line));
    case 11:
      return noteOnce(head, line, "traceparent");
    case 13:
      return noteOnce(head, line, "authorization");
    case 14:
      return isNameAt(line.text, line.at, "content-length")
        ? noteLength(head, line)
        : noteOnce(head, line, "anthropic-beta");
    case 15:
      return noteOnce(head, line, "x-forwarded-for");
    case 16:
      return (
        !isNameAt(line.text, line.at, "content-encoding") && !isNameAt(line.text, line.at, "proxy-connection")
      );
    case 17:
      return !isNameAt(line.text, line.at, "transfer-encoding") && noteOnce(head, line, "anthropic-version");
    default:
      return true;
  }
}

type KeptHeader =
  | "host"
  | "authorization"
  | "origin"
  | "traceparent"
  | "x-api-key"
  | "api-key"
  | "x-forwarded-for"
  | "anthropic-version"
  | "anthropic-beta";

function noteOnce(head: HttpHead, line: Line, name: KeptHeader): boolean {
  if (!isNameAt(line.text, line.at, name)) return true;
  if (head[name] !== undefined) return false;
  head[name] = valueOf(line);
  return true;
}

function noteConnection(head: HttpHead, value: string): boolean {
  const option = value.toLowerCase();
  if (option === "close") head.isLast = true;
  return option === "close" || option === "keep-alive";
}

function noteLength(head: HttpHead, line: Line): boolean {
  const value = valueOf(line);
  if (head.contentLength >= 0 || !/^\d{1,12}$/.test(value)) return false;
  head.contentLength = Number(value);
  head.lengthStart = line.valueStart;
  head.lengthEnd = line.valueStart + value.length;
  return true;
}

/** The value without the white space around it. */
function valueOf({ text, valueStart, valueEnd }: Line): string {
  let end = valueEnd;
  while (end > valueStart && (text.charCodeAt(end - 1) === blank || text.charCodeAt(end - 1) === tab)) end--;
  return copyOf(text, valueStart, end);
}

/** A text of its own. What `slice` makes is a view, which every look-up by it would have to see through. */
function copyOf(text: string, start: number, end: number): string {
  return Buffer.from(text.slice(start, end), "latin1").toString("latin1");
}
