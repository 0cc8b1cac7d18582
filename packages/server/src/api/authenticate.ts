import { hash } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";
import { permissionsOf, type Role } from "../core/permissions.ts";
import { localAdmin, type Principal } from "../core/principal.ts";

/** A static API key of the configuration, by the SHA-256 of its text. */
export interface ApiKeyRecord {
  readonly name: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly role: Role;
  readonly requestsPerMinute: number | undefined;
}

export interface AuthenticatorParts {
  readonly keys: readonly ApiKeyRecord[];
  /** Hosts, with or without a port, by which this server may be called while no key guards it. */
  readonly allowedHosts: readonly string[];
}

/** The headers that tell who calls; those of node:http fit. */
export interface CallerHeaders {
  readonly authorization?: string | undefined;
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly "x-api-key"?: string | string[] | undefined;
  readonly "api-key"?: string | string[] | undefined;
}

/** Says who a caller is. */
export interface Authenticator {
  /**
   * @throws PlatformError `unauthenticated`, or, while no key is configured, `misdirected_request` for a foreign Host
   * and `forbidden` for a browser page of another origin
   */
  authenticate(headers: CallerHeaders): Principal;
}

/** Raw credentials that were checked already; bounded, so that guessing cannot fill the memory. */
const mostCached = 1_000;
const longestCredential = 8_192;
const localHosts = ["localhost", "127.0.0.1", "[::1]"];

export function createAuthenticator({ keys, allowedHosts }: AuthenticatorParts): Authenticator {
  const byHash = new Map<string, Principal>(
    keys.map(({ name, sha256, role, requestsPerMinute }) => [
      sha256,
      { name, kind: "api_key", permissions: permissionsOf(role), requestsPerMinute },
    ]),
  );
  const cache = new Map<string, Principal>();
  const hosts = new Set([...localHosts, ...allowedHosts].map((host) => host.toLowerCase()));

  function fromKey(headers: CallerHeaders): Principal {
    const credential = headers.authorization ?? headers["x-api-key"] ?? headers["api-key"];
    if (typeof credential !== "string") {
      throw new PlatformError(
        "unauthenticated",
        "No API key was sent. Send one as `Authorization: Bearer KEY`.",
      );
    }
    const known = cache.get(credential);
    if (known !== undefined) return known;
    const key = /^bearer\s/i.test(credential) ? credential.slice(7).trim() : credential;
    const principal = key.length > longestCredential ? undefined : byHash.get(hash("sha256", key));
    if (principal === undefined)
      throw new PlatformError(
        "unauthenticated",
        "The API key is not known. Check it, or ask an operator for one.",
      );
    if (cache.size >= mostCached) cache.clear();
    cache.set(credential, principal);
    return principal;
  }

  function fromThisMachine(headers: CallerHeaders): Principal {
    const host = headers.host?.toLowerCase() ?? "";
    if (!hosts.has(host) && !hosts.has(withoutPort(host))) {
      throw new PlatformError(
        "misdirected_request",
        "This server does not answer to this Host. Add it to server.allowed_hosts if it should.",
      );
    }
    const origin = headers.origin;
    if (origin !== undefined && !isLocalOrigin(origin, hosts)) {
      throw new PlatformError(
        "forbidden",
        "Pages of other origins may not call this server without an API key.",
      );
    }
    return localAdmin;
  }

  return { authenticate: byHash.size > 0 ? fromKey : fromThisMachine };
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, "");
}

function isLocalOrigin(origin: string, hosts: ReadonlySet<string>): boolean {
  const url = URL.parse(origin);
  return url !== null && (hosts.has(url.host) || hosts.has(url.hostname));
}
