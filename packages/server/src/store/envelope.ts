import { createCipheriv, createDecipheriv } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";
import type { MasterKey } from "./master-key.ts";

/** Where a sealed value stands. In any other place it does not open. */
export interface SealedPlace {
  readonly table: string;
  readonly field: string;
  /** What the value is for; each purpose has a data key of its own. */
  readonly purpose: string;
  /** Which of that purpose. */
  readonly name: string;
}

const version = "llmp1";
const algorithm = "aes-256-gcm";
/** Both as NIST SP 800-38D has them. A random nonce is good for 2^32 values under one key. */
export const nonceBytes = 12;
const tagBytes = 16;

/**
 * Seals a text: `llmp1.KEY_ID.BASE64URL(nonce | ciphertext | tag)`.
 * @param nonce fresh random bytes for each call, 12 of them
 */
export function sealText(
  text: string,
  { key, place, nonce }: { readonly key: MasterKey; readonly place: SealedPlace; readonly nonce: Uint8Array },
): string {
  const cipher = createCipheriv(algorithm, dataKey(key, place), nonce, { authTagLength: tagBytes });
  cipher.setAAD(boundTo(key.id, place));
  const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `${version}.${key.id}.${sealed.toString("base64url")}`;
}

/**
 * Opens what `sealText` made.
 * @param findKey the master key of an id
 * @throws PlatformError `sealed` when there is no such key, `unavailable` when the envelope was altered or moved
 */
export function openEnvelope(
  envelope: string,
  {
    findKey,
    place,
  }: { readonly findKey: (id: string) => MasterKey | undefined; readonly place: SealedPlace },
): string {
  const parsed = parseEnvelope(envelope);
  if (parsed === undefined) throw alteredError(place);
  const { keyId, sealed } = parsed;
  const key = findKey(keyId);
  if (key === undefined)
    throw new PlatformError("sealed", `${titleOf(place)} is sealed under the master key ${keyId}.`);
  const decipher = createDecipheriv(algorithm, dataKey(key, place), sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(boundTo(keyId, place));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    const text = decipher.update(sealed.subarray(nonceBytes, -tagBytes));
    return Buffer.concat([text, decipher.final()]).toString("utf8");
  } catch (cause) {
    throw alteredError(place, cause);
  }
}

/** The id of the master key that an envelope names; undefined when it is none. */
export function keyIdOf(envelope: string): string | undefined {
  return parseEnvelope(envelope)?.keyId;
}

/** Strict, so that no two texts stand for the same envelope. */
function parseEnvelope(envelope: string): { readonly keyId: string; readonly sealed: Buffer } | undefined {
  const [, keyId, body] = /^llmp1\.([0-9a-f]{8})\.([\w-]+)$/.exec(envelope) ?? [];
  if (keyId === undefined || body === undefined) return undefined;
  const sealed = Buffer.from(body, "base64url");
  if (sealed.toString("base64url") !== body || sealed.length < nonceBytes + tagBytes) return undefined;
  return { keyId, sealed };
}

function dataKey(key: MasterKey, { purpose, table }: SealedPlace): Uint8Array {
  return key.derive(`${version} seal ${JSON.stringify([purpose, table])}`);
}

/** What is authenticated beside the text. As JSON no two places read the same. */
function boundTo(keyId: string, { table, field, purpose, name }: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify([version, keyId, table, purpose, name, field]));
}

function alteredError(place: SealedPlace, cause?: unknown): PlatformError {
  return new PlatformError(
    "unavailable",
    `${titleOf(place)} does not open: its sealed value was altered, or belongs elsewhere. Restore the database from a backup, or set the value anew.`,
    { cause },
  );
}

function titleOf({ purpose, name }: SealedPlace): string {
  return `The secret ${purpose} of ${name}`;
}
