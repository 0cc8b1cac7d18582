// An archive is a tar file of the plain form (ustar, POSIX.1-1988): a header of 512 bytes before each file, zeros behind
// its content up to the next multiple of 512, and two blocks of zeros at the end.

/** Everything in an archive is a multiple of this many bytes. */
export const blockBytes = 512;

export interface ArchiveEntry {
  /** With `/` between folders. */
  readonly name: string;
  readonly bytes: number;
}

const longestNameBytes = 100;
const longestPrefixBytes = 155;
/** What eleven octal digits can say; beyond it the size stands in binary, as GNU tar has it. */
const largestOctal = 0o77777777777;
const sizeOffset = 124;
const sizeLength = 12;
const checksumOffset = 148;
const checksumLength = 8;

/**
 * The header of a file. There is one for each name and size: owner, time and mode are always the same, so that a reader
 * that knows both can compare every byte.
 * @throws RangeError for a name that is too long for the form; `splitName` tells
 */
export function encodeHeader({ name, bytes }: ArchiveEntry): Buffer {
  const parts = splitName(name);
  if (parts === undefined) throw new RangeError(`the name ${name} is too long for an archive`);
  const block = Buffer.alloc(blockBytes);
  block.write(parts.name, 0);
  block.write("0000600\0", 100);
  block.write("0000000\0", 108);
  block.write("0000000\0", 116);
  writeSize(block, bytes);
  block.write("00000000000\0", 136);
  block.write("0", 156);
  block.write("ustar\0" + "00", 257);
  block.write(parts.prefix, 345);
  writeChecksum(block);
  return block;
}

/** The size that a header says, whatever else it is; undefined when that is no number. */
export function readSize(block: Buffer): number | undefined {
  if (block[sizeOffset] === 0x80) {
    const bytes = Number(block.readBigUInt64BE(sizeOffset + sizeLength - 8));
    return Number.isSafeInteger(bytes) ? bytes : undefined;
  }
  const text = block.toString("latin1", sizeOffset, sizeOffset + sizeLength - 1);
  return /^[0-7]{11}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

/** The name in a header that may be anything, for a message. Undefined where there is none. */
export function readName(block: Buffer): string | undefined {
  const text = (from: number, length: number) =>
    (block.toString("utf8", from, from + length).split("\0")[0] ?? "").replaceAll(/\p{Cc}/gu, "?");
  const name = text(0, longestNameBytes);
  const prefix = text(345, longestPrefixBytes);
  if (name === "") return undefined;
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** Zeros between the end of a content and the next block. */
export function paddingOf(bytes: number): number {
  return (blockBytes - (bytes % blockBytes)) % blockBytes;
}

/** What an archive of these files takes, the zeros at its end included. */
export function archiveBytes(entries: readonly ArchiveEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + blockBytes + bytes + paddingOf(bytes), 2 * blockBytes);
}

/** A long name is cut at a slash. Undefined when no cut makes both parts short enough. */
export function splitName(name: string): { readonly name: string; readonly prefix: string } | undefined {
  if (Buffer.byteLength(name) <= longestNameBytes) return { name, prefix: "" };
  for (let slash = name.indexOf("/"); slash > 0; slash = name.indexOf("/", slash + 1)) {
    const [prefix, rest] = [name.slice(0, slash), name.slice(slash + 1)];
    if (Buffer.byteLength(prefix) > longestPrefixBytes) return undefined;
    if (rest !== "" && Buffer.byteLength(rest) <= longestNameBytes) return { name: rest, prefix };
  }
  return undefined;
}

function writeSize(block: Buffer, bytes: number): void {
  if (bytes <= largestOctal) {
    block.write(`${bytes.toString(8).padStart(sizeLength - 1, "0")}\0`, sizeOffset);
    return;
  }
  block[sizeOffset] = 0x80;
  block.writeBigUInt64BE(BigInt(bytes), sizeOffset + sizeLength - 8);
}

/** The sum of all bytes, its own place counting as spaces. */
function writeChecksum(block: Buffer): void {
  block.fill(" ", checksumOffset, checksumOffset + checksumLength);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, checksumOffset);
}
