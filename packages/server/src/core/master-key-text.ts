/** How many bytes a master key has. */
export const masterKeyBytes = 32;

/** The bytes of a master key that is written in hexadecimal or base64; undefined for a text that is no such key. */
export function parseMasterKey(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, "hex");
  // Both alphabets of base64, with or without the sign that fills it up.
  const unpadded = trimmed.replaceAll("+", "-").replaceAll("/", "_").replace(/=$/, "");
  const bytes = Buffer.from(unpadded, "base64url");
  return bytes.length === masterKeyBytes && bytes.toString("base64url") === unpadded ? bytes : undefined;
}
