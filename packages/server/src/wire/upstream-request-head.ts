import { PlatformError, type UpstreamRequest } from "@llm-platform/kit";
import type { Endpoint } from "./upstream-endpoint.ts";

const headerNamePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * What the head of a request begins with, up to the value of content-length, which differs from call to call (RFC 9112
 * sections 2.1, 3 and 5, RFC 9110 section 7.2):
 *
 *     request-line CRLF [ "host:" SP host [ ":" port ] CRLF ] *( name ":" SP value CRLF ) "content-length:" SP
 *
 * The host is that of the headers when they name one. What could end a line early is refused.
 *
 * @param requestLine method and path
 * @throws PlatformError `config_invalid` for a header that cannot be sent
 */
export function formatRequestHead(
  requestLine: string,
  endpoint: Endpoint,
  headers: UpstreamRequest["headers"],
): string {
  const isDefaultPort = endpoint.port === 0 || endpoint.port === (endpoint.isTls ? 443 : 80);
  const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host;
  const isNamed = headers.some(([name]) => name === "host");
  const hostLine = isNamed ? "" : `host: ${isDefaultPort ? host : `${host}:${endpoint.port}`}\r\n`;
  let head = `${requestLine} HTTP/1.1\r\n${hostLine}`;
  for (const [name, value] of headers) {
    if (!headerNamePattern.test(name) || /[\r\n\0]/.test(value)) {
      throw new PlatformError("config_invalid", `The header ${JSON.stringify(name)} cannot be sent.`);
    }
    head += `${name}: ${value}\r\n`;
  }
  return `${head}content-length: `;
}

/** A call's line of W3C Trace Context (section 3.2), with its end. What is not well formed could be more than one line, and is left out. */
export function traceLine(traceparent: string | undefined): string {
  if (traceparent === undefined || !/^[0-9a-f]{2}(?:-[0-9a-f]+){3}$/.test(traceparent)) return "";
  return `traceparent: ${traceparent}\r\n`;
}
