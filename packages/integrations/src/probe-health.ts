import { type Health, PlatformError } from "@llm-platform/kit";
import { describeConnectFailure } from "./connect-failure.ts";

/**
 * What the status of a probe says about the server. 429 is not ill-health: a server that
 * counts its callers works.
 */
export function healthOfStatus(status: number, origin: string): Health {
  if ((status >= 200 && status < 300) || status === 429) return { status: "ok" };
  if (status === 401 || status === 403) {
    return {
      status: "auth_required",
      detail: `${origin} refused the credential (status ${status}). Check the API key.`,
    };
  }
  if (status === 503)
    return {
      status: "failed",
      detail: `${origin} says that it is not ready (status 503).`,
    };
  return {
    status: "failed",
    detail: `${origin} answered status ${status} to the probe.`,
  };
}

/** What a probe that got no answer says, in one plain sentence. */
export function healthOfFailure(error: unknown, origin: string): Health {
  if (error instanceof PlatformError && error.code === "upstream_timeout") {
    return { status: "failed", detail: `${origin} did not answer in time.` };
  }
  if (error instanceof PlatformError && error.code === "upstream_error") {
    const silent = `Nothing answers at ${origin}. Check that the server runs and that the address is right.`;
    return { status: "failed", detail: describeConnectFailure(error, origin) ?? silent };
  }
  return {
    status: "failed",
    detail: `The probe of ${origin} did not come to an end.`,
  };
}
