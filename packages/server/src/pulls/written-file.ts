import { closeSync, constants, openSync, writeSync } from "node:fs";
import { toDiskError } from "./disk-error.ts";

/** A file that is written to. It blocks while the system takes what it is given. */
export interface WrittenFile {
  /** @throws PlatformError */
  write(bytes: Uint8Array, position: number): void;
  /**
   * The same past the system's page cache, where the file system does that and the bytes are whole pages, of the file as
   * of memory. The first time that it does not, and from then on, as `write`.
   * @throws PlatformError
   */
  writePastCache(bytes: Uint8Array, position: number): void;
  close(): void;
}

/** What a file system answers that writes through its cache only, or not what is put like this. */
const refusals: ReadonlySet<unknown> = new Set(["EINVAL", "ENOTSUP", "EOPNOTSUPP"]);

/** @throws PlatformError when there is no such file */
export function openWritten(path: string): WrittenFile {
  const cached = openCached(path);
  /** Undefined until it is asked for, null where there is none. */
  let direct: number | null | undefined;

  function write(bytes: Uint8Array, position: number): void {
    try {
      // A disk that fills up may take a part of it first.
      for (let written = 0; written < bytes.byteLength; )
        written += writeSync(cached, bytes, written, bytes.byteLength - written, position + written);
    } catch (error) {
      throw toDiskError(error);
    }
  }

  /** @returns what the file took; 0 where it takes nothing like this */
  function tryPastCache(bytes: Uint8Array, position: number): number {
    try {
      direct ??= openDirect(path);
      return direct === null ? 0 : writeSync(direct, bytes, 0, bytes.byteLength, position);
    } catch (error) {
      if (!isRefusal(error)) throw toDiskError(error);
      closeDirect();
      direct = null;
      return 0;
    }
  }

  function closeDirect(): void {
    if (typeof direct === "number") closeSync(direct);
  }

  return {
    write,
    writePastCache(bytes, position) {
      const written = direct === null ? 0 : tryPastCache(bytes, position);
      if (written < bytes.byteLength) write(bytes.subarray(written), position + written);
    },
    close() {
      closeDirect();
      closeSync(cached);
    },
  };
}

function openCached(path: string): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    throw toDiskError(error);
  }
}

/** Null where the system knows no such files, or has no room for one more. */
function openDirect(path: string): number | null {
  // Not every system has the flag, whatever its type says.
  const flag: number | undefined = constants.O_DIRECT;
  if (flag === undefined) return null;
  try {
    return openSync(path, constants.O_RDWR | flag);
  } catch {
    // Nothing is lost: it is written as any other file.
    return null;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && refusals.has(error.code);
}
