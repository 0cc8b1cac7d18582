import { isJsonObject, type Json, PlatformError, textAt } from "@llm-platform/kit";
import { expectSuccess } from "../control-client.ts";

const mostCharacters = 500;

/**
 * Throws PlatformError when the cluster did not give its EndpointSlices: `upstream_auth` with what the account lacks, else as
 * any other control call.
 * @param json the body, a `Status` of the API, where it was read
 */
export function expectSlices(status: number, json?: Json): void {
  if (status !== 401 && status !== 403) return expectSuccess({ status }, "its EndpointSlices");
  const message =
    status === 401
      ? "The cluster does not take this account's credential (status 401). It may have expired, or be another cluster's."
      : `The account may not read EndpointSlices${reasonOf(json)}. Give it get, list and watch of endpointslices.discovery.k8s.io, or name in \`namespaces\` where it has them.`;
  throw new PlatformError("upstream_auth", message, { upstreamStatus: status });
}

function reasonOf(json: Json | undefined): string {
  const message = isJsonObject(json) ? textAt(json, "message") : undefined;
  return message === undefined ? " (status 403)" : `: ${message.slice(0, mostCharacters)}`;
}
