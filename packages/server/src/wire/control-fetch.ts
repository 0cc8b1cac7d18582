import { isIP } from "node:net";
import { type FetchOptions, type NetworkReach, PlatformError } from "@llm-platform/kit";
import { fetch } from "undici";
import { isAllowedAddress } from "./address-guard.ts";
import { createGuardedLookup } from "./guarded-lookup.ts";
import { createTrustedAgents } from "./trusted-agents.ts";

const defaultDeadlineMs = 10_000;

export interface ControlFetchParts {
  /** Strings of the settings; those that are http addresses name the only origins that may be reached. */
  readonly settings: readonly unknown[];
  /** Which of them, by their addresses. Default any. */
  readonly network?: NetworkReach | undefined;
  /** Ends every call. */
  readonly signal: AbortSignal;
}

/**
 * Calls of an integration to the servers in its settings, and to no other origin (RFC 9110 section 4.3.1). HTTP itself is
 * undici's to read and write; a redirect is handed over and not followed.
 */
export interface ControlFetch {
  /** Throws PlatformError `forbidden`, `upstream_timeout` or `upstream_error`; an error status is an answer. */
  fetch(url: string, options?: FetchOptions): Promise<Response>;
  release(): void;
}

export function createControlFetch({ settings, signal, network = "any" }: ControlFetchParts): ControlFetch {
  const origins = collectOrigins(settings);
  const lookup = createGuardedLookup(network);
  const agents = createTrustedAgents(lookup);

  async function guardedFetch(url: string, options: FetchOptions = {}): Promise<Response> {
    judgeAddress(url, origins, network);
    const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
    const deadline = deadlineMs === 0 ? [] : [AbortSignal.timeout(deadlineMs)];
    const caller = options.signal === undefined ? [] : [options.signal];
    try {
      const response = await fetch(url, {
        dispatcher: agents.for(options),
        method: options.method ?? "GET",
        redirect: "manual",
        signal: AbortSignal.any([signal, ...caller, ...deadline]),
        ...(options.headers === undefined ? {} : { headers: options.headers }),
        ...(options.body === undefined ? {} : { body: options.body }),
      });
      // undici's Response is the global one but for the identity of its type.
      return response as unknown as Response;
    } catch (error) {
      throw toFetchError(error, deadline[0]?.aborted === true);
    }
  }

  return {
    fetch: guardedFetch,
    release: agents.release,
  };
}

/** Every http origin among the strings of a value. */
export function collectOrigins(values: readonly unknown[]): ReadonlySet<string> {
  const origins = new Set<string>();
  const visit = (value: unknown, depth: number): void => {
    if (typeof value === "string") {
      const url = URL.parse(value);
      if (url?.protocol === "http:" || url?.protocol === "https:") origins.add(url.origin);
    } else if (typeof value === "object" && value !== null && depth < 6) {
      for (const member of Object.values(value)) visit(member, depth + 1);
    }
  };
  for (const value of values) visit(value, 0);
  return origins;
}

/** Refuses an address that the settings do not name, or that is out of reach. Throws PlatformError `forbidden`. */
export function judgeAddress(
  address: string,
  origins: ReadonlySet<string>,
  network: NetworkReach = "any",
): void {
  const url = URL.parse(address);
  const host = url?.hostname.replace(/^\[|\]$/g, "") ?? "";
  if (url === null || !origins.has(url.origin) || (isIP(host) !== 0 && !isAllowedAddress(host, network))) {
    throw new PlatformError(
      "forbidden",
      "An integration may only call the servers that its settings name, within its `network`.",
    );
  }
}

function toFetchError(error: unknown, isTimeout: boolean): PlatformError {
  if (error instanceof PlatformError) return error;
  if (isTimeout)
    return new PlatformError("upstream_timeout", "The server did not answer in time.", {
      cause: error,
      isRetryable: true,
    });
  const cause = error instanceof Error ? error.cause : undefined;
  const code =
    typeof cause === "object" && cause !== null && "code" in cause ? ` (${String(cause.code)})` : "";
  return new PlatformError("upstream_error", `The server could not be reached${code}.`, {
    cause: error,
    isRetryable: true,
  });
}
