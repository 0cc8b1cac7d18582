import { PlatformError } from "@llm-platform/kit";
import { describeConnectFailure } from "./connect-failure.ts";

interface StartErrorFacts {
  readonly origin: string;
  /** What to do when nothing answers. One sentence. */
  readonly advice: string;
  /** The start's own signal: its reason is told as it is. */
  readonly signal: AbortSignal;
}

/** What `start` fails with when the server cannot be used now. It may be tried again, unless a credential is missing. */
export function toStartError(error: unknown, { origin, advice, signal }: StartErrorFacts): unknown {
  if (signal.aborted || !(error instanceof PlatformError)) return error;
  if (error.code === "upstream_error" && error.upstreamStatus === undefined) {
    const what = describeConnectFailure(error, origin) ?? `Nothing answers at ${origin}. ${advice}`;
    return new PlatformError("upstream_error", what, {
      cause: error,
      isRetryable: true,
    });
  }
  return error;
}
