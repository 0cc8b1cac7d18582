import type { Dialect, PlatformError } from "@llm-platform/kit";
import type { ProtectedResource } from "./protected-resource.ts";

/** How a surface speaks to its clients beside the replies themselves, which pass as bytes. */
export interface SurfaceDialect {
  readonly dialect: Dialect;
  /** Which part of the server it is for who has to get a token. */
  readonly resource: ProtectedResource;
  readonly streamContentType: string;
  /** An error as the body of an answer. */
  formatError(error: PlatformError, requestId: string): string;
  /** An error in the middle of a stream; nothing follows it. */
  formatErrorFrame(error: PlatformError, requestId: string): string;
  /** Sent while nothing else is, so that proxies keep the connection; undefined where the dialect has no such frame. */
  readonly heartbeat: Uint8Array | undefined;
}
