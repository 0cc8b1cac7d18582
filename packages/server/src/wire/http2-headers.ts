import { Http2Error, http2Codes } from "./http2-error.ts";

/** Of a request: the pseudo-headers with their colon, and the others, each once. */
export type Http2Headers = Readonly<Record<string, string>>;

const pseudoHeaders = new Set([":method", ":scheme", ":path", ":authority"]);
/** What speaks of the connection has no place in HTTP/2 (RFC 9113 section 8.2.2). */
const connectionHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
const validName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const invalidValue = /[\0\r\n]|^[ \t]|[ \t]$/;

/** The fields of a request as one object. Throws Http2Error for a request that is malformed (RFC 9113 section 8.1.1). */
export function toRequestHeaders(
  fields: readonly (readonly [name: string, value: string])[],
  streamId: number,
): Http2Headers {
  const headers: Record<string, string> = Object.create(null);
  let isBehindPseudo = false;
  for (const [name, value] of fields) {
    const known = headers[name];
    if (name.startsWith(":")) {
      if (isBehindPseudo || known !== undefined || !pseudoHeaders.has(name)) throw malformed(streamId);
    } else {
      isBehindPseudo = true;
      checkField(name, value, streamId);
    }
    headers[name] = known === undefined ? value : `${known}${name === "cookie" ? "; " : ", "}${value}`;
  }
  if (!headers[":method"] || !headers[":scheme"] || !headers[":path"]) throw malformed(streamId);
  return headers;
}

/** Looks at what follows a body. Throws Http2Error for what may not. */
export function checkTrailers(
  fields: readonly (readonly [name: string, value: string])[],
  streamId: number,
): void {
  for (const [name, value] of fields) checkField(name, value, streamId);
}

function checkField(name: string, value: string, streamId: number): void {
  if (!validName.test(name) || connectionHeaders.has(name) || invalidValue.test(value))
    throw malformed(streamId);
  if (name === "te" && value !== "trailers") throw malformed(streamId);
}

function malformed(streamId: number): Http2Error {
  return new Http2Error(http2Codes.PROTOCOL_ERROR, "a request is malformed", streamId);
}
