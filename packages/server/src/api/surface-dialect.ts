import type { Dialect, PlatformError } from "@llm-platform/kit";
import type { CallerHeaders } from "./authenticate.ts";
import type { ProtectedResource } from "./protected-resource.ts";

/** The headers of a request that say how its body is to be read; those of node:http fit. */
export interface DialectHeaders extends CallerHeaders {
  readonly "anthropic-version"?: string | string[] | undefined;
  readonly "anthropic-beta"?: string | string[] | undefined;
}

/** Header lines that belong to a request's body, for platforms that speak its dialect. */
export type DialectHeaderLines = readonly (readonly [name: string, value: string])[];

/** How a surface speaks to its clients beside the replies themselves, which pass as bytes. */
export interface SurfaceDialect {
  readonly dialect: Dialect;
  /** Which part of the server it is for who has to get a token. */
  readonly resource: ProtectedResource;
  readonly streamContentType: string;
  /** The dialect's own name for the header with the request's id, which is sent beside `x-request-id`. */
  readonly requestIdHeader?: string;
  /**
   * What of a request's headers belongs to its body; undefined when nothing does.
   * Throws PlatformError for headers with which it cannot be served.
   */
  readHeaders?(headers: DialectHeaders): DialectHeaderLines | undefined;
  /** An error as the body of an answer. */
  formatError(error: PlatformError, requestId: string): string;
  /** An error in the middle of a stream; nothing follows it. */
  formatErrorFrame(error: PlatformError, requestId: string): string;
  /** Sent while nothing else is, so that proxies keep the connection; undefined where the dialect has no such frame. */
  readonly heartbeat: Uint8Array | undefined;
}
