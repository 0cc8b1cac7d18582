import { servedPath } from "./request-draft.ts";

/** A stream of bytes that readers of HTTP/1.1 are known to disagree about, and what is to become of it here. */
export type CorpusCase = {
  readonly name: string;
  readonly source: Source;
  /** Written one by one, with a few turns of the event loop between them. */
  readonly segments: readonly string[];
  /** `METHOD target body` of each request that reaches a handler. */
  readonly requests: readonly string[];
  /** The last status on the connection; undefined when the server says nothing. */
  readonly status: number | undefined;
  /** Whether the connection stays open for more. */
  readonly isOpen: boolean;
};

/**
 * Linhart, Klein, Heled, Orrin: HTTP Request Smuggling (2005). Kettle: HTTP Desync Attacks (2019) and Browser-Powered
 * Desync Attacks (2022). RFC 9110 is HTTP's meaning, RFC 9112 its text form, with request smuggling in section 11.2.
 */
export type Source = "Linhart 2005" | "Kettle 2019" | "Kettle 2022" | `RFC ${9110 | 9112} section ${string}`;

/** How a request to the endpoint on both lanes begins. */
export const start = `POST ${servedPath} HTTP/1.1\r\nHost: a.test\r\n`;
/** What an attacker hides. It must never reach a handler from inside of another request. */
export const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n";

/** A request with a length. */
export function sized(body: string, more = ""): string {
  return `${start}${more}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** How such a request is seen by its handler. */
export function seen(body: string): string {
  return `POST ${servedPath} ${body}`;
}

/** The bytes are refused with 400 and the connection ends; no request reaches a handler. */
export function refuse(name: string, source: Source, ...segments: readonly string[]): CorpusCase {
  return { name, source, segments, requests: [], status: 400, isOpen: false };
}

/** The requests reach a handler, are answered with 200, and the connection stays open. */
export function serve(
  name: string,
  source: Source,
  exchange: Pick<CorpusCase, "segments" | "requests"> & Partial<CorpusCase>,
): CorpusCase {
  return { name, source, status: 200, isOpen: true, ...exchange };
}
