import { hash } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";
import type { IdentityNews } from "../core/identity.ts";
import type { KeyPolicy } from "../core/key-policy.ts";
import type { LimitValues } from "../core/limits.ts";
import { permissionsOf, type Role } from "../core/permissions.ts";
import { localAdmin, type Principal } from "../core/principal.ts";
import { ChallengeError, formatChallenge } from "./challenge.ts";
import { KeyLookup, type KeySource, unknownKey } from "./key-lookup.ts";
import { type PublicAddress, safeOriginOf } from "./public-origin.ts";
import { metadataPath, type ProtectedResource } from "./protected-resource.ts";

/** A static API key of the configuration, by the SHA-256 of its text. */
export interface ApiKeyRecord {
  readonly name: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly role: Role;
  readonly limits: LimitValues;
  readonly policy: KeyPolicy;
}

export interface AuthenticatorParts {
  readonly keys: readonly ApiKeyRecord[];
  /** Of the keys and tokens that the platform has made. */
  readonly source: KeySource;
  /** Whether every caller needs a key or a token, also where no user and no key is known yet. */
  readonly isGuarded: boolean;
  /** How long keys and tokens that were looked up before go on working while the store does not answer. */
  readonly keysUsableMs: number;
  /** Hosts, with or without a port, by which this server may be called while no key guards it. */
  readonly allowedHosts: readonly string[];
  readonly address: PublicAddress;
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
   * Answers at once for a caller who is known, and later for one who is looked up.
   * Throws, or rejects with, PlatformError `unauthenticated`, `unavailable` when the store does not answer, and for
   * callers from this machine without a key `misdirected_request` for a foreign Host and `forbidden` for a browser page
   * of another origin.
   * @param resource what is called, for who has to learn how to get a token for it; default the server as a whole
   */
  authenticate(headers: CallerHeaders, resource?: ProtectedResource): Principal | Promise<Principal>;
}

/** Raw credentials that were checked already; bounded, so that guessing cannot fill the memory. */
const mostCached = 1_000;
const longestCredential = 8_192;
const longestKept = 128;
/** The form of a key that the platform has made. */
const madeKey = /^llmp_[A-Za-z0-9_-]{43}$/;
/** The form of a signed token (RFC 7515 section 7.1), whoever made it. */
const signedToken = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;
const localHosts = ["localhost", "127.0.0.1", "[::1]"];

export function createAuthenticator({
  keys,
  source,
  isGuarded,
  keysUsableMs,
  allowedHosts,
  address,
}: AuthenticatorParts): Authenticator {
  const byHash = new Map(keys.map((key) => [key.sha256, toConfiguredPrincipal(key)]));
  const cache = new Map<string, Principal>();
  const shared = {
    onChange: (listener: (news: IdentityNews) => void) => source.onChange(listener),
    usableMs: keysUsableMs,
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
  };
  const lookup = new KeyLookup({ find: (sha256) => source.findKey(sha256), ...shared });
  const tokens = new KeyLookup({ find: (token) => source.findToken(token), ...shared });
  const hosts = new Set([...localHosts, ...allowedHosts].map((host) => host.toLowerCase()));

  function fromKey(credential: string): Principal | Promise<Principal> {
    const known = cache.get(credential) ?? lookup.recall(credential);
    if (known !== undefined) return known;
    const key = keyOf(credential);
    if (key.length > longestCredential) throw unknownKey();
    const sha256 = hash("sha256", key);
    const principal = byHash.get(sha256);
    if (principal === undefined) {
      // Nothing longer is kept: who guesses cannot fill the memory.
      if (madeKey.test(key) && credential.length <= longestKept) return lookup.find(credential, sha256);
      if (signedToken.test(key)) return tokens.recall(sha256) ?? tokens.find(sha256, key);
      throw unknownKey();
    }
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

  function identify(headers: CallerHeaders): Principal | Promise<Principal> {
    const credential = credentialOf(headers);
    const isSent = typeof credential === "string";
    if (isGuarded || byHash.size > 0 || source.hasUsers) {
      if (isSent) return fromKey(credential);
      throw new PlatformError(
        "unauthenticated",
        "No API key was sent. Send one as `Authorization: Bearer KEY`.",
      );
    }
    // Clients send whatever they have for a key, but one of ours is meant.
    if (isSent && keyOf(credential).startsWith("llmp_")) return fromKey(credential);
    return fromThisMachine(headers);
  }

  function withChallenge(thrown: unknown, headers: CallerHeaders, resource: ProtectedResource): unknown {
    if (!(thrown instanceof PlatformError) || thrown.code !== "unauthenticated") return thrown;
    const origin = safeOriginOf(address, headers.host);
    const metadata = origin === undefined ? undefined : origin + metadataPath(resource);
    return new ChallengeError(thrown, formatChallenge(metadata, credentialOf(headers) !== undefined));
  }

  return {
    authenticate(headers, resource = "") {
      try {
        const caller = identify(headers);
        if (!(caller instanceof Promise)) return caller;
        return caller.catch((thrown: unknown) => {
          throw withChallenge(thrown, headers, resource);
        });
      } catch (thrown) {
        throw withChallenge(thrown, headers, resource);
      }
    },
  };
}

/** Who calls with a key of the configuration. */
export function toConfiguredPrincipal({ name, role, limits, policy }: ApiKeyRecord): Principal {
  return {
    id: `config:${name}`,
    name,
    kind: "api_key",
    userId: undefined,
    role,
    permissions: permissionsOf(role),
    limits,
    userLimits: undefined,
    policy,
    teamId: undefined,
    teamLimits: undefined,
  };
}

function credentialOf(headers: CallerHeaders): CallerHeaders["x-api-key"] {
  return headers.authorization ?? headers["x-api-key"] ?? headers["api-key"];
}

function keyOf(credential: string): string {
  return /^bearer\s/i.test(credential) ? credential.slice(7).trim() : credential;
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, "");
}

function isLocalOrigin(origin: string, hosts: ReadonlySet<string>): boolean {
  const url = URL.parse(origin);
  return url !== null && (hosts.has(url.host) || hosts.has(url.hostname));
}
