/**
 * Fields as they stand in a header block, each character for one byte. Blocks can be joined, and those that are always the
 * same be kept: nothing has to be remembered at either end.
 */
export type HeaderBlock = string;

/** `:status: 200` by its number in the static table (RFC 7541 section 6.1 and appendix A). */
const status200 = "\x88";
/** The largest length that stands in the prefix of seven bits (RFC 7541 section 5.1). */
const shortLength = 126;

/**
 * Fields written as they are (RFC 7541 section 6.2.2):
 *
 *     field  = %x00 text text       ; name, value
 *     text   = length *OCTET        ; without Huffman's code (section 5.2)
 *     length = 1*5OCTET             ; with a prefix of seven bits (section 5.1)
 *
 * Names and values are ASCII.
 */
export function encodeHeaders(headers: Readonly<Record<string, string | number>>): HeaderBlock {
  let block = "";
  for (const name in headers) {
    const value = headers[name];
    if (name === ":status" && value === 200) block += status200;
    else block += encodeHeader(name, String(value));
  }
  return block;
}

/** One field of a header block. */
export function encodeHeader(name: string, value: string): HeaderBlock {
  return `\0${encodeLength(name.length)}${name}${encodeLength(value.length)}${value}`;
}

function encodeLength(length: number): string {
  if (length <= shortLength) return String.fromCharCode(length);
  let bytes = "\x7f";
  let rest = length - shortLength - 1;
  for (; rest >= 0x80; rest >>= 7) bytes += String.fromCharCode((rest & 0x7f) | 0x80);
  return bytes + String.fromCharCode(rest);
}
