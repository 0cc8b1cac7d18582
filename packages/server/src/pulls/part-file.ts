import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChunkMap } from "../core/chunk-map.ts";
import { createTurns } from "../core/turns.ts";
import { toDiskError } from "./disk-error.ts";

/** A file that is being fetched: its bytes, and beside them which chunks are there. It outlives the process. */
export interface PartFile {
  readonly path: string;
  readonly chunks: ChunkMap;
  /** Writes the bytes of a chunk, one after the other: at once they would wait for each other in the kernel, busily. Rejects with PlatformError `insufficient_storage` when the disk is full. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Notes, once the bytes were written, that a chunk is there. */
  note(chunk: number): Promise<void>;
  /** Resolves when the disk has all that was written. */
  synchronise(): Promise<void>;
  close(): Promise<void>;
}

/** What a part must still be of to be gone on with. */
export interface PartIdentity {
  readonly version: string;
  readonly sizeBytes: number;
}

/** Bytes that are noted as one. What a killed process had fetched of a chunk is fetched again. */
export const chunkBytes = 1024 * 1024;

/** After so many bytes the disk is asked to take them: at the end all would have to wait for it. */
const synchroniseEveryBytes = 64 * 1024 * 1024;

/**
 * Opens what there is of a file, or begins it.
 * @param stem path without its ending: `.part` holds the bytes, `.json` whose they are, `.chunks` which are there
 * @returns with whether there was a part of another version, which is gone
 */
export async function openPartFile(
  stem: string,
  identity: PartIdentity,
): Promise<{ readonly part: PartFile; readonly wasOther: boolean }> {
  const known = await readIdentity(stem);
  const isSame = known?.version === identity.version && known.sizeBytes === identity.sizeBytes;
  if (!isSame) await beginPart(stem, identity);
  const data = await open(`${stem}.part`, "r+");
  const journal = await open(`${stem}.chunks`, "a+");
  const chunks = new ChunkMap(identity.sizeBytes, chunkBytes);
  for (const chunk of await readJournal(`${stem}.chunks`)) chunks.note(chunk);
  return {
    part: createPart(`${stem}.part`, { data, journal, chunks }),
    wasOther: known !== undefined && !isSame,
  };
}

/** Takes away all that there is of a file. */
export async function removePart(stem: string): Promise<void> {
  for (const ending of ["json", "chunks", "part"]) await rm(`${stem}.${ending}`, { force: true });
}

interface PartHandles {
  readonly data: FileHandle;
  readonly journal: FileHandle;
  readonly chunks: ChunkMap;
}

function createPart(path: string, { data, journal, chunks }: PartHandles): PartFile {
  let pending: number[] = [];
  let writing: Promise<void> | undefined;
  const turns = createTurns();
  const disk = createDiskFlow(data);

  /** Notes that come while others are written go together into the next write. */
  async function writeNotes(): Promise<void> {
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      const bytes = Buffer.allocUnsafe(4 * batch.length);
      for (const [index, chunk] of batch.entries()) bytes.writeUInt32LE(chunk, 4 * index);
      await journal.appendFile(bytes);
    }
    writing = undefined;
  }

  return {
    path,
    chunks,
    async write(bytes, position) {
      try {
        await turns.take(() => writeAll(data, bytes, position));
      } catch (error) {
        throw toDiskError(error);
      }
      disk.note(bytes.byteLength);
    },
    async note(chunk) {
      chunks.note(chunk);
      pending.push(chunk);
      writing ??= writeNotes();
      try {
        await writing;
      } catch (error) {
        throw toDiskError(error);
      }
    },
    synchronise: () => disk.synchronise(),
    async close() {
      await disk.rest();
      await data.close();
      await journal.close();
    },
  };
}

async function writeAll(data: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  // A disk that fills up may take a part of it first.
  for (let written = 0; written < bytes.byteLength; ) {
    const { bytesWritten } = await data.write(bytes, written, undefined, position + written);
    written += bytesWritten;
  }
}

/** Has the disk take what was written while more is written. */
function createDiskFlow(data: FileHandle) {
  let waitingBytes = 0;
  let taking: Promise<void> | undefined;
  /** The system tells of it once. */
  let failure: { readonly error: unknown } | undefined;

  async function take(): Promise<void> {
    try {
      await data.datasync();
    } catch (error) {
      failure ??= { error };
    }
    taking = undefined;
  }

  return {
    /** Tells of bytes that were written. */
    note(bytes: number): void {
      waitingBytes += bytes;
      if (waitingBytes < synchroniseEveryBytes || taking !== undefined) return;
      waitingBytes = 0;
      taking = take();
    },
    /** Resolves when the disk has all that was written. Rejects with PlatformError. */
    async synchronise(): Promise<void> {
      await taking;
      await take();
      if (failure !== undefined) throw toDiskError(failure.error);
    },
    /** Resolves when nothing is under way. */
    async rest(): Promise<void> {
      await taking;
    },
  };
}

async function beginPart(stem: string, identity: PartIdentity): Promise<void> {
  try {
    await mkdir(join(stem, ".."), { recursive: true });
    await removePart(stem);
    await writeFile(`${stem}.part`, "");
    await writeFile(`${stem}.chunks`, "");
    // Last, and whole or not at all: with it the others count.
    await writeFile(`${stem}.json.new`, JSON.stringify(identity));
    await rename(`${stem}.json.new`, `${stem}.json`);
  } catch (error) {
    throw toDiskError(error);
  }
}

async function readIdentity(stem: string): Promise<Partial<PartIdentity> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(`${stem}.json`, "utf8"));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    // There is none, or it is no part of ours: it is begun anew.
    return undefined;
  }
}

/** Numbers of chunks; one that was cut short when the process ended means nothing. */
async function readJournal(path: string): Promise<readonly number[]> {
  const bytes = await readFile(path);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readUInt32LE(4 * index));
}
