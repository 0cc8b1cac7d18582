import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { toPlatformError } from "@llm-platform/kit";
import type { ExecutionResult } from "graphql";
import { type ErrorParts, showRefusal, type ShownResult, showResult } from "./graph-errors.ts";

const heartbeatMs = 15_000;

export interface StreamedResults {
  readonly results: AsyncIterable<ExecutionResult>;
  readonly errors: ErrorParts;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

/**
 * Writes results as server-sent events (GraphQL over SSE, "distinct connections mode"), no faster than they are read.
 * A subscription that breaks ends with a result that says why. Resolves when all are written, or the client has gone.
 */
export async function writeEventStream(
  response: ServerResponse,
  { results, errors, signal }: StreamedResults,
): Promise<void> {
  const heartbeat = setInterval(() => response.write(":\n\n"), heartbeatMs);
  try {
    for await (const result of results) {
      if (signal.aborted) return;
      const isFull = !writeNext(response, showResult(result, errors));
      // Only when it has gone this is never over.
      if (isFull) await once(response, "drain", { signal }).catch(() => undefined);
    }
  } catch (thrown) {
    if (!signal.aborted) writeNext(response, showRefusal(toPlatformError(thrown), errors));
  } finally {
    clearInterval(heartbeat);
  }
  response.end("event: complete\ndata:\n\n");
}

function writeNext(response: ServerResponse, result: ShownResult): boolean {
  return response.write(`event: next\ndata: ${JSON.stringify(result)}\n\n`);
}
