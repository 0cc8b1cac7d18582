import { type ByteSource, toView } from "./byte-source.ts";
import { FormatProblem } from "./format-problem.ts";

/** Where the directory of an archive lies. */
interface DirectoryPlace {
  readonly count: number;
  readonly offset: number;
  readonly bytes: number;
}

const endBytes = 22;
const end64Bytes = 56;
const locatorBytes = 20;
const maxCommentBytes = 65_535;
const signatures = { end: 0x06054b50, locator64: 0x07064b50, end64: 0x06064b50 };
const large16 = 0xffff;
const large32 = 0xffffffff;

/**
 * Where the directory of a ZIP archive lies, if every reader finds it there: some go by the offset that the end of the
 * archive names, others take what lies just before that end.
 *
 * @throws FormatProblem `corrupt`, and `unsafe` where readers would find different directories
 */
export function findZipDirectory(source: ByteSource): DirectoryPlace {
  const end = findEnd(source);
  if (end === undefined) throw new FormatProblem("corrupt", "it is an archive without a directory");
  const view = toView(source.read(end, endBytes));
  const short = {
    count: view.getUint16(10, true),
    bytes: view.getUint32(12, true),
    offset: view.getUint32(16, true),
  };
  const wide = readEnd64(source, end);
  if (wide === undefined) return checkPlace(short, end);
  const isSame =
    isSameNumber(short.count, wide.count, large16) &&
    isSameNumber(short.bytes, wide.bytes, large32) &&
    isSameNumber(short.offset, wide.offset, large32);
  if (!isSame) throw new FormatProblem("unsafe", "the archive has two directories");
  return checkPlace(wide, end - locatorBytes - end64Bytes);
}

/** Whether a file that begins as something else is an archive as well: readers of archives begin at the end. */
export function hasZipEnd(source: ByteSource): boolean {
  const end = findEnd(source);
  if (end === undefined) return false;
  const view = toView(source.read(end, endBytes));
  return end + endBytes + view.getUint16(20, true) === source.sizeBytes && view.getUint32(12, true) <= end;
}

/** The last place that looks like the end of an archive. */
function findEnd(source: ByteSource): number | undefined {
  const length = Math.min(source.sizeBytes, endBytes + maxCommentBytes);
  const start = source.sizeBytes - length;
  const view = toView(source.read(start, length));
  for (let at = length - endBytes; at >= 0; at -= 1)
    if (view.getUint32(at, true) === signatures.end) return start + at;
  return undefined;
}

function readEnd64(source: ByteSource, end: number): DirectoryPlace | undefined {
  if (end < locatorBytes + end64Bytes) return undefined;
  const locator = toView(source.read(end - locatorBytes, locatorBytes));
  if (locator.getUint32(0, true) !== signatures.locator64) return undefined;
  const at = end - locatorBytes - end64Bytes;
  const view = toView(source.read(at, end64Bytes));
  if (view.getUint32(0, true) !== signatures.end64 || locator.getBigUint64(8, true) !== BigInt(at))
    throw new FormatProblem("unsafe", "the directory of the archive is not where it says");
  return {
    count: toSafe(view.getBigUint64(32, true)),
    bytes: toSafe(view.getBigUint64(40, true)),
    offset: toSafe(view.getBigUint64(48, true)),
  };
}

function isSameNumber(short: number, wide: number, saturated: number): boolean {
  return short === saturated || short === wide;
}

function checkPlace(place: DirectoryPlace, end: number): DirectoryPlace {
  if (place.offset + place.bytes === end) return place;
  throw new FormatProblem("unsafe", "the directory of the archive is not where it says");
}

/** A 64-bit number of an archive. Throws FormatProblem `corrupt` for one that no file can have. */
export function toSafe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new FormatProblem("corrupt", "the archive claims a size that cannot be");
  return Number(value);
}
