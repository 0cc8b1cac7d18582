import { hash, randomBytes, randomUUID } from "node:crypto";
import type { ApiKey } from "../core/identity.ts";
import type { KeySecret } from "../store/api-key-table.ts";

const start = "llmp_";
const randomBytesPerKey = 32;
/** Enough to tell keys apart, and of the random part too little to help a guess. */
const prefixLength = 12;

/** The text of a new key, which is shown once, and what is kept of it. */
export interface NewSecret extends KeySecret {
  readonly text: string;
}

/** `llmp_` and 256 random bits in base64url. */
export function createSecret(): NewSecret {
  const text = start + randomBytes(randomBytesPerKey).toString("base64url");
  return { text, sha256: hash("sha256", text), prefix: text.slice(0, prefixLength) };
}

/** A key that was never used, rotated or revoked. */
export function createKey(
  facts: Pick<
    ApiKey,
    | "name"
    | "ownerId"
    | "scopes"
    | "prefix"
    | "limits"
    | "policy"
    | "createdBy"
    | "createdAtMs"
    | "expiresAtMs"
  >,
): ApiKey {
  return {
    ...facts,
    id: `key_${randomUUID()}`,
    previousExpiresAtMs: null,
    lastUsedAtMs: null,
    revokedAtMs: null,
  };
}
