import { PlatformError } from "@llm-platform/kit";
import type { PlatformConfig } from "./config/schema.ts";
import { createPrometheusHistory, type MetricHistory } from "./telemetry/history/prometheus-history.ts";
import { createControlFetch } from "./wire/control-fetch.ts";

/** Whoever looks at a page waits for as long at most. */
const deadlineMs = 3_000;
/** Thousand buckets of a dozen figures are less than a MiB. */
const mostBytes = 8 * 1024 * 1024;

/** Gives the Prometheus that is asked for the past, always the same one; undefined where none is configured. */
export function openHistory({
  config,
}: {
  readonly config: Pick<PlatformConfig, "prometheus">;
}): () => MetricHistory | undefined {
  let opened: { readonly history: MetricHistory | undefined } | undefined;
  return () => {
    opened ??= { history: connect(config.prometheus) };
    return opened.history;
  };
}

function connect(prometheus: PlatformConfig["prometheus"]): MetricHistory | undefined {
  const { query_url: url, query_token: token, job } = prometheus;
  if (url === undefined) return undefined;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` };
  return createPrometheusHistory({
    url,
    job,
    nowMs: () => performance.now(),
    async ask(address, signal) {
      const control = createControlFetch({ settings: [url], signal });
      try {
        const response = await control.fetch(address, { deadlineMs, headers });
        return { status: response.status, text: await readText(response) };
      } catch (error) {
        throw error instanceof PlatformError ? inWords(error, url) : broken(error, url);
      } finally {
        control.release();
      }
    },
  });
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength;
    if (bytes > mostBytes)
      throw new PlatformError("upstream_malformed", `Prometheus answered more than ${mostBytes} bytes.`);
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

function inWords(error: PlatformError, url: string): PlatformError {
  if (error.code === "upstream_timeout") return late(error, url);
  if (error.code !== "upstream_error") return error;
  return new PlatformError("upstream_error", `Nothing answers at ${new URL(url).origin}.`, { cause: error });
}

/** The deadline counts for the body as well; undici then ends the reading of it. */
function broken(error: unknown, url: string): PlatformError {
  if (error instanceof DOMException && error.name === "TimeoutError") return late(error, url);
  return new PlatformError("upstream_error", `${new URL(url).origin} broke off its answer.`, {
    cause: error,
  });
}

function late(cause: unknown, url: string): PlatformError {
  const { origin } = new URL(url);
  return new PlatformError(
    "upstream_timeout",
    `${origin} did not answer within ${deadlineMs / 1_000} seconds.`,
    {
      cause,
    },
  );
}
