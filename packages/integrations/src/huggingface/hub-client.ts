import { type IntegrationContext, type Json, PlatformError } from "@llm-platform/kit";
import { createControlClient } from "../control-client.ts";
import type { ServerAddress } from "../server-address.ts";
import { type HubSubject, toHubError } from "./hub-error.ts";
import type { HuggingFaceSettings } from "./settings.ts";

/** An answer of the Hub. */
export interface HubAnswer {
  readonly json: Json;
  /** Path and query of the next page, below the endpoint. */
  readonly next: string | undefined;
}

/** Asks the Hub for what is JSON, and keeps answers: they are good for a while, and then asked for by their ETag. */
export interface HubClient {
  /** @param path below the endpoint. Rejects with PlatformError. */
  ask(path: string, subject: HubSubject, signal: AbortSignal): Promise<HubAnswer>;
}

export interface HubClientParts {
  readonly context: IntegrationContext<HuggingFaceSettings>;
  readonly address: ServerAddress;
  /** Never goes back. */
  monotonicMs(): number;
  /** Told how each call to the Hub went. */
  onCall(error: PlatformError | undefined): void;
}

interface Kept {
  readonly answer: HubAnswer;
  readonly etag: string | undefined;
  readonly atMs: number;
}

const mostKept = 128;
/** What stands in a path for a commit never changes. */
const pinned = /\/[0-9a-f]{40}(?:[/?]|$)/;

export function createHubClient({ context, address, monotonicMs, onCall }: HubClientParts): HubClient {
  const kept = new Map<string, Kept>();
  const { settings } = context;

  function keep(path: string, entry: Kept): HubAnswer {
    kept.delete(path);
    kept.set(path, entry);
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    return entry.answer;
  }

  async function fetchAnswer(path: string, subject: HubSubject, signal: AbortSignal): Promise<HubAnswer> {
    const known = kept.get(path);
    const client = createControlClient({
      fetch: context.fetch,
      origin: address.origin,
      headers: {
        accept: "application/json",
        ...(settings.token === undefined ? {} : { authorization: `Bearer ${settings.token.reveal()}` }),
        ...(known?.etag === undefined ? {} : { "if-none-match": known.etag }),
      },
    });
    const { status, headers, json } = await client.ask({ path: address.prefix + path, signal });
    if (status === 304 && known !== undefined) return keep(path, { ...known, atMs: monotonicMs() });
    if (status !== 200)
      throw toHubError({ status, header: (name) => headers.get(name) ?? undefined }, subject);
    if (json === undefined)
      throw new PlatformError(
        "upstream_malformed",
        "What answers is not the Hub: its answer is no JSON. Check `endpoint`.",
      );
    const answer = { json, next: nextPage(headers.get("link"), address) };
    return keep(path, { answer, etag: headers.get("etag") ?? undefined, atMs: monotonicMs() });
  }

  return {
    async ask(path, subject, signal) {
      const known = kept.get(path);
      const isFresh = known !== undefined && monotonicMs() - known.atMs < settings.cache_seconds * 1_000;
      if (known !== undefined && (isFresh || pinned.test(path) || settings.offline)) return known.answer;
      if (settings.offline)
        throw new PlatformError("unavailable", "The Hub is not asked: `offline` (HF_HUB_OFFLINE) is set.");
      try {
        const answer = await fetchAnswer(path, subject, signal);
        onCall(undefined);
        return answer;
      } catch (error) {
        if (error instanceof PlatformError) onCall(error);
        throw error;
      }
    },
  };
}

/** RFC 8288. The next page is taken for one of the same server, whatever its address says. */
function nextPage(link: string | null, { prefix }: ServerAddress): string | undefined {
  const target = /<([^>]+)>\s*;\s*rel="next"/.exec(link ?? "")?.[1];
  const url = target === undefined ? null : URL.parse(target, "http://hub");
  if (url === null) return undefined;
  const path = url.pathname.startsWith(`${prefix}/`) ? url.pathname.slice(prefix.length) : url.pathname;
  return path + url.search;
}
