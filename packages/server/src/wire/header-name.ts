/** Whether a header's name stands at an offset, whatever its case; `name` is in lower case. */
export function isNameAt(text: string, at: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const code = text.charCodeAt(at + index);
    const lower = code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
    if (lower !== name.charCodeAt(index)) return false;
  }
  return true;
}

const isTokenChar = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
  isTokenChar[char.charCodeAt(0)] = 1;

/** Whether a byte may stand in a header's name (RFC 9110 section 5.6.2). */
export function isNameByte(byte: number): boolean {
  return isTokenChar[byte] === 1;
}

/** Whether a byte may stand in a header's value: no control character but the tab (RFC 9110 section 5.5). */
export function isValueByte(byte: number): boolean {
  return (byte >= 0x20 && byte !== 0x7f) || byte === 0x09;
}

/** Offset of the first character from `from` that may not stand in a header's name. */
export function endOfName(text: string, from: number): number {
  let at = from;
  while (isTokenChar[text.charCodeAt(at)] === 1) at++;
  return at;
}
