import { Cancellation } from "./cancellation.ts";
import type { Reply, ReplyBody } from "./dialect.ts";
import { PlatformError } from "./errors.ts";
import type { Upstream } from "./upstream.ts";

/** The answer to a request for a part of a file. Whoever gets it reads its body to the end, or cancels it. */
export type FilePart = Pick<Reply, "status" | "headers" | "body">;

/** Which bytes of what to ask for. */
export interface PartRequest {
  /** Path with query, beginning with a slash. */
  readonly path: string;
  readonly from: number;
  /** The first byte that is not wanted. */
  readonly until: number;
  /** Header lines beside those that say which bytes. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

const noBody = Buffer.alloc(0);

/**
 * Asks for a part of a file, on the connections of the hot path: a control call would cost several times the processor.
 * Resolves when the head is there, whatever its status; redirects are handed over. The signal ends what goes before that.
 * Rejects with PlatformError, as `send` of the upstream does, or `upstream_timeout` when the signal aborts.
 */
export async function askForPart(
  upstream: Upstream,
  { path, from, until, headers = [] }: PartRequest,
  signal: AbortSignal,
): Promise<FilePart> {
  const cancellation = new Cancellation();
  const onAbort = (): void =>
    cancellation.cancel(
      new PlatformError("upstream_timeout", "The source of the file did not answer in time.", {
        isRetryable: true,
      }),
    );
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await upstream.send({
      method: "GET",
      path,
      headers: [
        ["range", `bytes=${from}-${until - 1}`],
        ["accept-encoding", "identity"],
        ["user-agent", "llm-platform"],
        ...headers,
      ],
      body: noBody,
      cancellation,
    });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** A longer body is not waited for: its connection is given up. */
const longestPassedOverBytes = 64 * 1024;

/** Lets go of a body that nobody wants: a short one is passed over, so that its connection can be used again. */
export function dropBody(body: ReplyBody): void {
  let bytes = 0;
  body.read({
    data(chunk) {
      bytes += chunk.byteLength;
      if (bytes > longestPassedOverBytes) body.cancel();
    },
    end: () => undefined,
    fail: () => undefined,
  });
}
