import type { PlatformError } from "@llm-platform/kit";
import { statusOf } from "../core/error-status.ts";
import type { LimitVerdict } from "../core/limits.ts";
import { type ClientReply, headerLine } from "../wire/client-reply.ts";
import { errorHeaders } from "./error-envelope.ts";
import { limitLines } from "./limit-headers.ts";
import type { SurfaceDialect } from "./surface-dialect.ts";

/** Why a request is not answered. */
export interface Refusal {
  readonly id: string;
  readonly error: PlatformError;
  readonly endpoint: { readonly surface: SurfaceDialect };
  readonly limit?: LimitVerdict | undefined;
  /** Methods that are possible, for `method_not_allowed`. Default: POST. */
  readonly allow?: string;
}

/** Sends an error in the words of the endpoint, unless the client is gone or its reply has begun. */
export function refuse(client: ClientReply, { id, error, endpoint, limit, allow = "POST" }: Refusal): void {
  if (client.isStarted || !client.isOpen) return;
  const { requestIdHeader } = endpoint.surface;
  const headers = {
    "content-type": "application/json",
    ...errorHeaders(error, id),
    ...(requestIdHeader === undefined ? {} : { [requestIdHeader]: id }),
    ...(error.code === "method_not_allowed" ? { allow } : {}),
  };
  const lines = Object.entries(headers).map(([name, value]) => headerLine(name, value));
  const body = Buffer.from(endpoint.surface.formatError(error, id));
  client.send(statusOf(error.code), lines.join("") + (limit === undefined ? "" : limitLines(limit)), body);
}
