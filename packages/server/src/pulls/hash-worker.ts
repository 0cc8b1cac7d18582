import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import type { HashAnswer, HashOrder } from "./hash-messages.ts";
import { blockBytes, type BlockReader, readBlocks } from "./hash-window.ts";

// The program of the thread that `createHashThread` starts: it hashes each file's bytes as they come through its window,
// or from the file up to where it is told that they are there, and answers, when told that there are no more, with the
// digest. Several files take turns.

interface Growing {
  readonly descriptor: number;
  readonly window: BlockReader;
  hash: ReturnType<typeof createHash>;
  /** Whether the window counts no more. */
  isByFile: boolean;
  position: number;
  /** So far its bytes are there. */
  until: number;
  isEnd: boolean;
}

const port = parentPort;
const files = new Map<number, Growing>();
// It stays in the processor's cache, for the digest to find it there.
const buffer = Buffer.allocUnsafeSlow(256 * 1024);
/** Of a file, before the next one has its turn and orders are heard. */
const turnBytes = 16 * 1024 * 1024;
const state = { isTurning: false };

function close(file: number): void {
  const growing = files.get(file);
  files.delete(file);
  if (growing === undefined) return;
  closeSync(growing.descriptor);
  growing.window.close();
}

/** Whether there are bytes left to hash. */
function hashOn(growing: Growing): boolean {
  const { hash, window } = growing;
  for (const end = growing.position + turnBytes; growing.position < end; ) {
    const piece = nextPiece(growing);
    if (piece === undefined) return !growing.isByFile && !window.sleep(growing.position);
    hash.update(piece);
    growing.position += piece.length;
    if (!growing.isByFile) window.release(growing.position);
  }
  return true;
}

/** What is hashed next, up to the end of its block at most; undefined when it is not there. */
function nextPiece({ descriptor, window, isByFile, position, until }: Growing): Buffer | undefined {
  const there = isByFile ? undefined : window.read(position);
  if (there !== undefined || position >= until) return there;
  const length = Math.min(buffer.length, blockBytes - (position % blockBytes), until - position);
  const read = readSync(descriptor, buffer, 0, length, position);
  if (read === 0) throw new Error("The file ends before its bytes do.");
  return buffer.subarray(0, read);
}

/** Gives a file its turn, and tells of it when it is over. Whether it needs another one. */
function giveTurn(file: number, growing: Growing): boolean {
  const isLeft = hashOn(growing);
  if (isLeft || !growing.isEnd || growing.position < growing.until) return isLeft;
  tell({ file, digest: growing.hash.digest("hex") });
  close(file);
  return false;
}

function turn(): void {
  state.isTurning = false;
  for (const [file, growing] of files)
    attempt(file, () => {
      if (giveTurn(file, growing)) turnSoon();
    });
}

function turnSoon(): void {
  if (state.isTurning) return;
  state.isTurning = true;
  setImmediate(turn);
}

/** What fails with one file does not touch the others. */
function attempt(file: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    const { message, code } = Object(error);
    tell({
      file,
      failure: { message: String(message), code: code === undefined ? undefined : String(code) },
    });
    close(file);
  }
}

function tell(answer: HashAnswer): void {
  port?.postMessage(answer);
}

port?.on("message", (order: HashOrder) => {
  const { file } = order;
  if (order.type === "open") {
    attempt(file, () => {
      const descriptor = openSync(order.path, "r");
      files.set(file, {
        descriptor,
        window: readBlocks(order.window, turnSoon),
        hash: createHash("sha256"),
        isByFile: false,
        position: 0,
        until: 0,
        isEnd: false,
      });
    });
    return;
  }
  if (order.type === "close") {
    close(file);
    tell({ file, isClosed: true });
    return;
  }
  const growing = files.get(file);
  if (growing === undefined) return;
  if (order.type === "again") {
    growing.isByFile = true;
    growing.hash = createHash("sha256");
    growing.position = 0;
    turnSoon();
    return;
  }
  growing.until = order.until;
  growing.isEnd = order.isEnd;
  turnSoon();
});
