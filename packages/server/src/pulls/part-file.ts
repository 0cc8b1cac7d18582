import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ByteRun, ChunkMap } from "../core/chunk-map.ts";
import { toDiskError } from "./disk-error.ts";

/** A file that is being fetched: its bytes, and beside them which chunks are there. It outlives the process. */
export interface PartFile {
  readonly path: string;
  readonly chunks: ChunkMap;
  /** Notes, once its bytes were written, the chunks that end in a run; the first of them was written from its beginning on. */
  note(written: ByteRun): void;
  /** Resolves when all notes are written. Rejects with PlatformError `insufficient_storage` when the disk is full, from then on. */
  whenNoted(): Promise<void>;
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
const synchroniseEveryBytes = 32 * 1024 * 1024;

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
    part: createPart(`${stem}.part`, { data, journal, chunks, sizeBytes: identity.sizeBytes }),
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
  readonly sizeBytes: number;
}

function createPart(path: string, { data, journal, chunks, sizeBytes }: PartHandles): PartFile {
  let pending: number[] = [];
  let writing: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;
  const disk = createDiskFlow(data);

  /** Notes that come while others are written go together into the next write. */
  async function writeNotes(): Promise<void> {
    try {
      while (pending.length > 0) {
        const batch = pending;
        pending = [];
        const bytes = Buffer.allocUnsafe(4 * batch.length);
        for (const [index, chunk] of batch.entries()) bytes.writeUInt32LE(chunk, 4 * index);
        await journal.appendFile(bytes);
      }
    } catch (error) {
      failure ??= { error };
    }
    writing = undefined;
  }

  return {
    path,
    chunks,
    note({ from, until }) {
      disk.note(until - from);
      for (let chunk = Math.floor(from / chunkBytes); ; chunk++) {
        const end = Math.min((chunk + 1) * chunkBytes, sizeBytes);
        if (end > until || chunk * chunkBytes >= sizeBytes) break;
        chunks.note(chunk);
        pending.push(chunk);
      }
      if (pending.length > 0) writing ??= writeNotes();
    },
    async whenNoted() {
      await writing;
      if (failure !== undefined) throw toDiskError(failure.error);
    },
    synchronise: () => disk.synchronise(),
    async close() {
      await writing;
      await disk.rest();
      await data.close();
      await journal.close();
    },
  };
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
