import type { Random } from "../random.ts";

/** A request that is still in its parts, so that each can be written in an odd way. All text is Latin-1. */
export type RequestDraft = {
  /** Before the request line. */
  lead: string;
  method: string;
  /** Between method and target. */
  gap: string;
  target: string;
  /** From behind the target to the end of the line. */
  version: string;
  /** Ends of the request line and of the head. */
  lineEnd: string;
  headEnd: string;
  headers: HeaderDraft[];
  body: string;
};

export type HeaderDraft = { name: string; colon: string; value: string; end: string };

/** The largest body that the fuzzed endpoint takes. */
export const maxBodyBytes = 4_096;

/** The endpoint that both lanes serve. */
export const servedPath = "/v1/chat/completions";

export function header(name: string, value: string): HeaderDraft {
  return { name, colon: ": ", value, end: "\r\n" };
}

/** The bytes of a request. */
export function formatDraft(draft: RequestDraft): string {
  const { lead, method, gap, target, version, lineEnd, headEnd, headers, body } = draft;
  const lines = headers.map(({ name, colon, value, end }) => `${name}${colon}${value}${end}`);
  return `${lead}${method}${gap}${target}${version}${lineEnd}${lines.join("")}${headEnd}${body}`;
}

/** A request that the fast lane takes. */
export function draftPlain(random: Random): RequestDraft {
  const body = plainBody(random);
  const headers = [header("Host", "a.test")];
  if (random.isLucky(0.5)) headers.push(header(random.pick(plainNames), random.pick(plainValues)));
  headers.push(header("Content-Length", String(body.length)));
  if (random.isLucky(0.4)) headers.push(header(random.pick(plainNames), random.pick(plainValues)));
  return {
    lead: "",
    method: "POST",
    gap: " ",
    target: servedPath,
    version: " HTTP/1.1",
    lineEnd: "\r\n",
    headEnd: "\r\n",
    headers,
    body,
  };
}

const plainNames = ["Authorization", "Origin", "traceparent", "X-Api-Key", "api-key", "User-Agent"] as const;
const plainValues = ["b", "Bearer x", "", "a b\tc", "null", "\t padded \t"] as const;

/** Some bodies look like a request, so that a length that is read wrongly shows up as one. */
function plainBody(random: Random): string {
  switch (random.below(6)) {
    case 0:
      return "";
    case 1:
      return "POST /smuggled HTTP/1.1\r\nHost: b.test\r\nContent-Length: 0\r\n\r\n";
    case 2:
      return "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: b.test\r\n\r\n";
    case 3:
      return "x".repeat(random.below(maxBodyBytes + 1));
    default:
      return '{"model":"m"}'.slice(0, 1 + random.below(13));
  }
}

/** The same body in chunks. */
export function inChunks(body: string, random: Random): string {
  let text = "";
  for (let at = 0; at < body.length; ) {
    const size = 1 + random.below(body.length - at);
    text += `${size.toString(16)}\r\n${body.slice(at, at + size)}\r\n`;
    at += size;
  }
  return `${text}0\r\n\r\n`;
}
