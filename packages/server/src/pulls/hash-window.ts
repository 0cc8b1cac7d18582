import type { MessagePort } from "node:worker_threads";

/**
 * What the thread that receives a file and the one that hashes it share, so that bytes are hashed where they were received
 * and not read again: the blocks that are hashed next, each in the place that its number gives it. What is further on comes
 * by way of the file.
 */
export interface HashWindow {
  readonly memory: SharedArrayBuffer;
  /** Wakes the other thread. */
  readonly port: MessagePort;
}

/** A window as the thread that receives sees it. */
export interface BlockWriter {
  /** Memory for a block; undefined when it is not one of the next to be hashed. */
  open(block: number): Buffer | undefined;
  /** Says that the file has a block, and its memory too, where nobody writes any more. Only the last of a file is short. */
  publish(block: number, bytes: number): void;
  /**
   * Resolves when hashing has caught up, or does not within a tenth of a second. Undefined when there is nothing to wait
   * for: a block has its memory, or is so far on that the file has to do.
   */
  whenOpen(block: number): Promise<void> | undefined;
  close(): void;
}

/** A window as the thread that hashes sees it. */
export interface BlockReader {
  /** What there is from a position on to the end of its block; undefined when that is not here. */
  read(position: number): Buffer | undefined;
  /** Says how far the file is hashed. What was read before that may be overwritten. */
  release(position: number): void;
  /** Whether there is nothing to do at a position: then it is woken. */
  sleep(position: number): boolean;
  close(): void;
}

/** Blocks begin at multiples of it. Such writes give the system the least work, and few of them give us little. */
export const blockBytes = 1024 * 1024;
/** As much as a core hashes in a hundredth of a second: each thread goes on for so long while the other one does not run. */
const blockCount = 12;
/** A thread that hashes for others, or has died, is not waited for longer. */
const longestWaitMs = 100;

// Numbers at the beginning: how many blocks are hashed, at how many the writer is woken (0 for never), whether the reader
// sleeps, and of each place the block that is there, counted from 1, and its bytes.
const hashedAt = 0;
const wakeWriterAt = 1;
const sleepsAt = 2;
const numberAt = 3;
const bytesAt = numberAt + blockCount;
/** A page of the system's, so that each block begins at one. */
const blocksAt = 4_096;

/** What is used of WebAssembly, which Node's types leave out. */
declare const WebAssembly: {
  readonly Memory: new (size: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => { readonly buffer: SharedArrayBuffer };
};

/** Of WebAssembly's memory. */
const pageBytes = 65_536;

/** Memory that begins at a page, as files want it that are written past the system's cache; what JavaScript makes itself does not. */
export function createWindowMemory(): SharedArrayBuffer {
  const pages = Math.ceil((blocksAt + blockCount * blockBytes) / pageBytes);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer;
}

/** Makes the memory that of a file of which nothing is there. */
export function clearWindow(memory: SharedArrayBuffer): void {
  new Int32Array(memory, 0, bytesAt + blockCount).fill(0);
}

/** Whether the window was given bytes of a run. */
export function hasPublished(memory: SharedArrayBuffer, from: number, until: number): boolean {
  const { words } = view(memory);
  return Array.from({ length: blockCount }, (_, place) => Atomics.load(words, numberAt + place)).some(
    (number) => number > 0 && number * blockBytes > from && (number - 1) * blockBytes < until,
  );
}

export function writeBlocks({ memory, port }: HashWindow): BlockWriter {
  const { words, memoryOf } = view(memory);
  const waiting = new Set<() => void>();
  const wakeAll = (): void => {
    for (const wake of waiting) wake();
  };
  port.on("message", wakeAll);

  return {
    open(block) {
      const hashed = Atomics.load(words, hashedAt);
      return block >= hashed && block < hashed + blockCount ? memoryOf(block) : undefined;
    },
    publish(block, bytes) {
      const place = block % blockCount;
      Atomics.store(words, bytesAt + place, bytes);
      Atomics.store(words, numberAt + place, block + 1);
      if (Atomics.exchange(words, sleepsAt, 0) === 1) port.postMessage(0);
    },
    whenOpen(block) {
      const hashed = Atomics.load(words, hashedAt);
      // While hashing waits for bytes, nobody waits for it.
      const isBehind = Atomics.load(words, numberAt + (hashed % blockCount)) === hashed + 1;
      if (block !== hashed + blockCount || !isBehind) return undefined;
      const enough = hashed + blockCount / 2;
      Atomics.store(words, wakeWriterAt, enough);
      if (Atomics.load(words, hashedAt) >= enough) return undefined;
      return new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(wake, longestWaitMs);
        waiting.add(wake);
      });
    },
    close() {
      wakeAll();
      port.close();
    },
  };
}

/** @param onWake there is something to do again */
export function readBlocks({ memory, port }: HashWindow, onWake: () => void): BlockReader {
  const { words, memoryOf } = view(memory);
  port.on("message", onWake);

  function read(position: number): Buffer | undefined {
    const block = Math.floor(position / blockBytes);
    const place = block % blockCount;
    if (Atomics.load(words, numberAt + place) !== block + 1) return undefined;
    const bytes = memoryOf(block).subarray(position % blockBytes, Atomics.load(words, bytesAt + place));
    return bytes.length === 0 ? undefined : bytes;
  }

  return {
    read,
    release(position) {
      const hashed = Math.floor(position / blockBytes);
      Atomics.store(words, hashedAt, hashed);
      const enough = Atomics.load(words, wakeWriterAt);
      if (enough === 0 || hashed < enough) return;
      Atomics.store(words, wakeWriterAt, 0);
      port.postMessage(0);
    },
    sleep(position) {
      Atomics.store(words, sleepsAt, 1);
      if (read(position) === undefined) return true;
      // It came while nobody was there to be woken.
      Atomics.store(words, sleepsAt, 0);
      return false;
    },
    close: () => port.close(),
  };
}

function view(memory: SharedArrayBuffer) {
  return {
    words: new Int32Array(memory, 0, bytesAt + blockCount),
    memoryOf: (block: number): Buffer =>
      Buffer.from(memory, blocksAt + (block % blockCount) * blockBytes, blockBytes),
  };
}
