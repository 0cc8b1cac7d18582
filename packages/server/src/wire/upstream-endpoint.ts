import { isIP } from "node:net";
import { type NetworkReach, PlatformError } from "@llm-platform/kit";
import { isAllowedAddress } from "./address-guard.ts";

/** Where a connection goes. */
export interface Endpoint {
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
  /** Path of a Unix domain socket; then host and port only fill the Host header. */
  readonly socketPath: string | undefined;
}

/**
 * Reads where an upstream is: an origin (RFC 6454 section 4) with a scheme of HTTP (RFC 9110 section 4.2), or a socket:
 *
 *     origin = ( "http" / "https" ) "://" host [ ":" port ] / "unix:" absolute-path
 *
 * What else a URL has, as a path, is left out. A host that is an address must lie in `network`; a name is looked up and
 * judged when it is connected to, by `guarded-lookup`.
 *
 * @throws PlatformError `config_invalid`
 */
export function parseEndpoint(origin: string, network: NetworkReach = "any"): Endpoint {
  if (origin.startsWith("unix:/")) {
    return { isTls: false, host: "localhost", port: 0, socketPath: origin.slice("unix:".length) };
  }
  const url = URL.parse(origin);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new PlatformError(
      "config_invalid",
      "An upstream's address must begin with http://, https:// or unix:/.",
    );
  }
  const isTls = url.protocol === "https:";
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  if (isIP(host) !== 0 && !isAllowedAddress(host, network)) {
    throw new PlatformError(
      "config_invalid",
      network === "any"
        ? `An upstream must not be at ${host}: link-local and metadata addresses are never connected to.`
        : `An upstream must not be at ${host}: \`network\` of the integration allows ${network} addresses only.`,
    );
  }
  return {
    isTls,
    host,
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    socketPath: undefined,
  };
}
