import { PlatformError } from "../errors.ts";
import type { FetchOptions, IntegrationContext } from "../integration.ts";
import type { OriginGuard } from "./origin-guard.ts";

const defaultDeadlineMs = 10_000;

/** The context's `fetch` on the global one: guarded, with a deadline, following no redirect. */
export function createGuardedFetch(
  guard: OriginGuard,
  hostSignal: AbortSignal,
): IntegrationContext<unknown>["fetch"] {
  return async (url, options = {}) => {
    if (!URL.canParse(url))
      throw new PlatformError("forbidden", "The address is not a URL.", {
        field: "url",
      });
    const target = new URL(url);
    guard(target.origin);
    const deadline = startDeadline(options.deadlineMs ?? defaultDeadlineMs, target.origin);
    const signals = [hostSignal, deadline, ...(options.signal === undefined ? [] : [options.signal])];
    const signal = AbortSignal.any(signals);
    try {
      return await fetch(target, toRequestInit(options, signal));
    } catch (error) {
      if (error instanceof PlatformError || signal.aborted) throw error;
      throw new PlatformError("upstream_error", `The connection to ${target.origin} failed.`, {
        cause: error,
      });
    }
  };
}

/** A signal that aborts with `upstream_timeout` after `deadlineMs`; 0 means never. It holds no process open. */
function startDeadline(deadlineMs: number, origin: string): AbortSignal {
  const controller = new AbortController();
  if (deadlineMs > 0) {
    const expire = (): void =>
      controller.abort(
        new PlatformError("upstream_timeout", `${origin} did not answer within ${deadlineMs} ms.`),
      );
    setTimeout(expire, deadlineMs).unref();
  }
  return controller.signal;
}

function toRequestInit(options: FetchOptions, signal: AbortSignal): RequestInit {
  return {
    method: options.method ?? "GET",
    headers: { ...options.headers },
    redirect: "manual",
    signal,
    ...(options.body === undefined
      ? {}
      : {
          body: typeof options.body === "string" ? options.body : new Uint8Array(options.body),
        }),
  };
}
