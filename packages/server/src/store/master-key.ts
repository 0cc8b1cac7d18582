import { createSecretKey, hash, hkdfSync, type KeyObject, randomBytes } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";
import { masterKeyBytes, parseMasterKey } from "../core/master-key-text.ts";

/**
 * A key from which the keys that seal secrets are derived. It seals nothing itself, and never shows itself.
 *
 * Keys are derived by HKDF-SHA-256 (RFC 5869) with no salt, for the master key is random; the info tells them apart.
 */
export class MasterKey {
  /** Eight hexadecimal digits by which an envelope names it. They come from a derived value, not from the key. */
  readonly id: string;
  readonly #key: KeyObject;

  constructor(bytes: Uint8Array) {
    this.#key = createSecretKey(bytes);
    this.id = hash("sha256", this.derive("llmp1 key id")).slice(0, 8);
  }

  /** 32 bytes for one use; another `info` gives others, from which nothing of these can be told. */
  derive(info: string): Uint8Array {
    return new Uint8Array(hkdfSync("sha256", this.#key, new Uint8Array(), info, 32));
  }

  /** The key itself as base64, for the file that it is kept in. */
  format(): string {
    return this.#key.export().toString("base64");
  }
}

/** A key that nobody has. */
export function createMasterKey(): MasterKey {
  return new MasterKey(randomBytes(masterKeyBytes));
}

/** Throws PlatformError `invalid_request` that names the field for a text that is no key. */
export function readMasterKey(text: string, field: string): MasterKey {
  const bytes = parseMasterKey(text);
  if (bytes !== undefined) return new MasterKey(bytes);
  throw new PlatformError("invalid_request", `${field} must be 32 bytes in hexadecimal or base64.`, {
    field,
  });
}
