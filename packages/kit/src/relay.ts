import type { Call, Operation, Reply } from "./dialect.ts";
import type { Upstream } from "./upstream.ts";

/**
 * All that another process of the same host needs to send a platform's calls itself, as plain data.
 * Calls and replies are in the dialect `openai`. It holds credentials in the clear: it is handed on, never logged.
 */
export interface Relay {
  /** `http://host:port` or `https://host`; one that the context's `upstream` took. */
  readonly origin: string;
  /** Path of each operation that is served, beginning with a slash. */
  readonly paths: Readonly<Partial<Record<Operation, string>>>;
  /** Header lines to send beside host, connection and content-length. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Sends calls as a relay says: the same in the platform's own process as in any other. */
export function createRelaySender(
  upstream: Upstream,
  { paths, headers }: Relay,
): (call: Call) => Promise<Reply> {
  return (call) =>
    upstream.send({
      method: "POST",
      path: paths[call.operation] ?? "/",
      headers,
      traceparent: call.traceparent,
      body: call.body,
      cancellation: call.cancellation,
      dialect: "openai",
    });
}
