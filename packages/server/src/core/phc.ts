/** A password's argon2id hash with all that it takes to check it. */
export interface Argon2Hash {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const phc =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]{22,128})$/;

/** As a PHC string: `$argon2id$v=19$m=…,t=…,p=…$SALT$HASH`. */
export function formatPhc({ memoryKiB, passes, lanes, salt, hash }: Argon2Hash): string {
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$${toText(salt)}$${toText(hash)}`;
}

/** Undefined for a text that is no PHC string of argon2id. */
export function parsePhc(text: string): Argon2Hash | undefined {
  const [, memoryKiB, passes, lanes, salt, hash] = phc.exec(text) ?? [];
  if (salt === undefined || hash === undefined) return undefined;
  return {
    memoryKiB: Number(memoryKiB),
    passes: Number(passes),
    lanes: Number(lanes),
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

/** Base64 without padding, as the PHC format has it. */
function toText(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}
