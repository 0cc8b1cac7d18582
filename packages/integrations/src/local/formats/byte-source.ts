import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { FormatProblem } from "./format-problem.ts";

/** Bytes that can be read at any place, without blocking a server: it is read in a process of its own. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Exactly `length` bytes, not to be changed. Throws FormatProblem `corrupt` when they do not lie inside. */
  read(offset: number, length: number): Uint8Array;
}

/** An open file as a source. */
export interface FileSource extends ByteSource {
  close(): void;
}

/** Small reads are served from the window around the last one. */
const windowBytes = 64 * 1024;
const smallBytes = 4 * 1024;

export function openFileSource(path: string): FileSource {
  const file = openSync(path, "r");
  const sizeBytes = fstatSync(file).size;
  const readNow = (offset: number, length: number): Buffer<ArrayBuffer> => {
    const bytes = Buffer.allocUnsafe(length);
    for (let done = 0; done < length; ) {
      const count = readSync(file, bytes, done, length - done, offset + done);
      if (count === 0) throw new FormatProblem("corrupt", "the file was cut while it was read");
      done += count;
    }
    return bytes;
  };
  let window = { start: 0, bytes: Buffer.alloc(0) };
  return {
    sizeBytes,
    read(offset, length) {
      checkRange(offset, length, sizeBytes);
      if (length > smallBytes) return readNow(offset, length);
      if (offset < window.start || offset + length > window.start + window.bytes.length)
        window = { start: offset, bytes: readNow(offset, Math.min(windowBytes, sizeBytes - offset)) };
      return window.bytes.subarray(offset - window.start, offset - window.start + length);
    },
    close: () => closeSync(file),
  };
}

export function toByteSource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read(offset, length) {
      checkRange(offset, length, bytes.length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** A part of a source, as a source of its own. */
export function sliceSource(source: ByteSource, start: number, sizeBytes: number): ByteSource {
  checkRange(start, sizeBytes, source.sizeBytes);
  return {
    sizeBytes,
    read(offset, length) {
      checkRange(offset, length, sizeBytes);
      return source.read(start + offset, length);
    },
  };
}

/** The first bytes, at most `length`. */
export function readStart(source: ByteSource, length: number): Uint8Array {
  return source.read(0, Math.min(length, source.sizeBytes));
}

function checkRange(offset: number, length: number, sizeBytes: number): void {
  const isInside =
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= sizeBytes;
  if (!isInside) throw new FormatProblem("corrupt", "it ends before what it says that it holds");
}

export function toView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
