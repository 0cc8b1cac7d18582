import { PlatformError } from "@llm-platform/kit";
import { decodeHistory } from "./decode-history.ts";
import type { History } from "./history-point.ts";
import { historyQuery } from "./history-query.ts";

export interface HistorySpan {
  /** Start of the first bucket. */
  readonly fromMs: number;
  /** End of the last. */
  readonly untilMs: number;
  readonly stepMs: number;
}

/** A server that has the platform's metrics of the past. */
export interface MetricHistory {
  /**
   * The buckets of a time that it knows.
   * @throws PlatformError `upstream_error`, `upstream_timeout`, `upstream_auth` or `upstream_malformed`; after a
   * time-out it rejects with the same for a few seconds without asking anew
   */
  read(span: HistorySpan, signal: AbortSignal): Promise<History>;
}

export interface PrometheusHistoryParts {
  /** Without a slash at the end. */
  readonly url: string;
  readonly job: string;
  /** Asks, and reads the answer to its end; throws PlatformError. */
  ask(url: string, signal: AbortSignal): Promise<{ readonly status: number; readonly text: string }>;
  /** Monotonic. */
  nowMs(): number;
}

/** For as long it is not asked again when it was too slow: whoever looks at a plot does not wait for it each time. */
const restMs = 15_000;

export function createPrometheusHistory(parts: PrometheusHistoryParts): MetricHistory {
  let failure: { readonly error: PlatformError; readonly untilMs: number } | undefined;
  return {
    async read(span, signal) {
      if (failure !== undefined && parts.nowMs() < failure.untilMs) throw failure.error;
      try {
        const history = await ask(span, signal, parts);
        failure = undefined;
        return history;
      } catch (error) {
        if (error instanceof PlatformError && error.code === "upstream_timeout" && !signal.aborted)
          failure = { error, untilMs: parts.nowMs() + restMs };
        throw error;
      }
    },
  };
}

async function ask(
  { fromMs, untilMs, stepMs }: HistorySpan,
  signal: AbortSignal,
  { url, job, ask: send }: PrometheusHistoryParts,
): Promise<History> {
  const query = new URLSearchParams({
    query: historyQuery(job, stepMs / 1_000),
    // A bucket is asked for at its end.
    start: String((fromMs + stepMs) / 1_000),
    end: String(untilMs / 1_000),
    step: String(stepMs / 1_000),
  });
  const { status, text } = await send(`${url}/api/v1/query_range?${query.toString()}`, signal);
  if (status === 401 || status === 403)
    throw new PlatformError(
      "upstream_auth",
      `Prometheus refused the credential (status ${status}). Check \`prometheus.query_token\`.`,
      { upstreamStatus: status },
    );
  if (status !== 200)
    throw new PlatformError("upstream_error", `Prometheus answered status ${status}.`, {
      upstreamStatus: status,
    });
  const history = decodeHistory(parseJson(text), stepMs);
  if (history !== undefined) return history;
  throw new PlatformError(
    "upstream_malformed",
    "What answered is no Prometheus, or a proxy changed its answer. Check `prometheus.query_url`.",
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON is no answer, which is told as such.
    return undefined;
  }
}
