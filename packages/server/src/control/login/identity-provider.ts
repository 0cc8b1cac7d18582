import { PlatformError } from "@llm-platform/kit";
import { errors, type JSONWebKeySet, type JWTPayload, jwtVerify, type JWTVerifyOptions } from "jose";
import { z } from "zod";
import type { ClaimRules } from "../../core/external-identity.ts";
import { createControlFetch } from "../../wire/control-fetch.ts";
import { createKeySetCache } from "./key-set-cache.ts";

/** An OpenID Connect provider as the configuration has it. */
export interface ProviderSettings extends ClaimRules {
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  /** Undefined where nobody logs in by a browser. */
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
}

/** Where a provider answers. */
export type ProviderMetadata = z.output<typeof metadataSchema>;

/** A provider, whose tokens can be checked. */
export interface IdentityProvider {
  readonly settings: ProviderSettings;
  /** Rejects with PlatformError `unavailable` when it does not answer, or not as one. */
  metadata(): Promise<ProviderMetadata>;
  /**
   * The claims of a good token; undefined for any other.
   * Rejects with PlatformError `unavailable` when it does not answer and nothing of it is known.
   */
  verify(token: string, audience: string): Promise<JWTPayload | undefined>;
  /** Calls the addresses that its metadata names, and no others. Rejects with PlatformError. */
  fetch: ReturnType<typeof createControlFetch>["fetch"];
  stop(): void;
}

export interface ProviderParts {
  readonly settings: ProviderSettings;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Since the epoch. */
  readonly wallMs: () => number;
}

const metadataSchema = z.looseObject({
  issuer: z.string(),
  jwks_uri: z.url(),
  authorization_endpoint: z.url().optional(),
  token_endpoint: z.url().optional(),
});
const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

/** Signatures by keys that only the provider has. Never `none`, and nothing with a shared secret. */
const algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
/** Kinds of tokens that say who calls, of those that a provider signs. Many providers give no type. */
const goodTypes = new Set([undefined, "jwt", "at+jwt", "application/at+jwt"]);
const skewSeconds = 60;
const deadlineMs = 5_000;
const longestDocument = 256 * 1_024;
const metadataFreshMs = 3_600_000;

export function createIdentityProvider({ settings, nowMs, wallMs }: ProviderParts): IdentityProvider {
  const stopped = new AbortController();
  const isPlain = settings.issuer.startsWith("http:");
  const discovery = createControlFetch({ settings: [settings.issuer], signal: stopped.signal });
  const known: {
    metadata?: ProviderMetadata;
    door?: ReturnType<typeof createControlFetch>;
    atMs?: number;
  } = {};

  async function metadata(): Promise<ProviderMetadata> {
    if (known.metadata !== undefined && nowMs() < (known.atMs ?? 0) + metadataFreshMs) return known.metadata;
    const address = `${settings.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const found = parse(metadataSchema, await readJson(discovery.fetch, address));
    if (found.issuer !== settings.issuer)
      throw new PlatformError("unavailable", "The identity provider has another issuer than is configured.");
    const addresses = [found.jwks_uri, found.authorization_endpoint, found.token_endpoint];
    if (!isPlain && addresses.some((each) => each?.startsWith("https:") === false))
      throw new PlatformError("unavailable", "The identity provider names an address without TLS.");
    known.door?.release();
    known.door = createControlFetch({ settings: addresses, signal: stopped.signal });
    known.metadata = found;
    known.atMs = nowMs();
    return found;
  }

  const fetch: IdentityProvider["fetch"] = async (url, options) => {
    await metadata();
    if (known.door === undefined) throw new PlatformError("internal", "There is no door to the provider.");
    return known.door.fetch(url, { deadlineMs, ...options });
  };

  const keySets = createKeySetCache({
    nowMs,
    async load(): Promise<JSONWebKeySet> {
      const { jwks_uri } = await metadata();
      return parse(keySetSchema, await readJson(fetch, jwks_uri));
    },
  });

  return {
    settings,
    metadata,
    fetch,
    async verify(token, audience) {
      const options = { issuer: settings.issuer, audience, algorithms, currentDate: new Date(wallMs()) };
      try {
        return await verifyWith(await keySets.forToken(token), token, options);
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
        throw error;
      }
    },
    stop() {
      stopped.abort();
      discovery.release();
      known.door?.release();
    },
  };
}

async function verifyWith(
  set: Awaited<ReturnType<ReturnType<typeof createKeySetCache>["forToken"]>>,
  token: string,
  options: JWTVerifyOptions,
): Promise<JWTPayload | undefined> {
  const { payload, protectedHeader } = await jwtVerify(token, set, {
    ...options,
    clockTolerance: skewSeconds,
    requiredClaims: ["sub", "exp"],
  });
  // A logout token is signed by the same keys for the same audience.
  const isOfCaller = goodTypes.has(protectedHeader.typ?.toLowerCase()) && payload["events"] === undefined;
  return isOfCaller && typeof payload.sub === "string" && payload.sub !== "" ? payload : undefined;
}

/** Reads a document of bounded size. A redirect is not followed. */
async function readJson(get: IdentityProvider["fetch"], address: string): Promise<unknown> {
  const response = await get(address, { deadlineMs, headers: { accept: "application/json" } });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new PlatformError("unavailable", `The identity provider answered with status ${response.status}.`);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > longestDocument)
      throw new PlatformError("unavailable", "The identity provider's document is too long.");
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw new PlatformError("unavailable", "The identity provider's document is no JSON.", { cause: error });
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new PlatformError("unavailable", "The identity provider's document is not as it should be.", {
    cause: result.error,
  });
}
