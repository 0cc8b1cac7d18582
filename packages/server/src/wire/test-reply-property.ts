import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { anyCuts, anyReply, cut } from "./test-replies.ts";
import type { ReplyReaders } from "./test-reply-readers.ts";

/** A machine that stands still for a while lets a time limit pass: what differs must differ each time. */
const mostLooks = 3;

/** A reply is never taken for whole that node:http reads in another way, and is read alike however it is cut. */
export function readsAsNodeDoes(readers: ReplyReaders) {
  return fc.asyncProperty(anyReply, anyCuts, async (bytes, at) => {
    let difference = await findDifference(readers, bytes, at);
    for (let looks = 1; looks < mostLooks && difference !== undefined; looks++)
      difference = await findDifference(readers, bytes, at);
    if (difference !== undefined) throw difference;
  });
}

async function findDifference(
  { readByNode, readByPool }: ReplyReaders,
  bytes: Buffer,
  at: readonly number[],
): Promise<Error | undefined> {
  const theirs = await readByNode([bytes]);
  const ours = await readByPool([bytes]);
  if (ours.is === "whole" && !isDeepStrictEqual(ours, theirs)) return differs("as node:http", theirs, ours);
  const inPieces = await readByPool(cut(bytes, at));
  return isDeepStrictEqual(inPieces, ours) ? undefined : differs("whole and in pieces", ours, inPieces);
}

function differs(how: string, ...readings: readonly unknown[]): Error {
  return new Error(`it is not read alike ${how}: ${JSON.stringify(readings)}`);
}
