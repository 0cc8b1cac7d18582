import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { anyCuts, anyReply, cut } from "./test-replies.ts";
import type { ReplyReaders } from "./test-reply-readers.ts";

/** A reply is never taken for whole that node:http reads in another way, and is read alike however it is cut. */
export function readsAsNodeDoes({ readByNode, readByPool }: ReplyReaders) {
  return fc.asyncProperty(anyReply, anyCuts, async (bytes, at) => {
    const theirs = await readByNode([bytes]);
    const ours = await readByPool([bytes]);
    if (ours.is === "whole" && !isDeepStrictEqual(ours, theirs)) throw differs("as node:http", theirs, ours);
    const inPieces = await readByPool(cut(bytes, at));
    if (!isDeepStrictEqual(inPieces, ours)) throw differs("whole and in pieces", ours, inPieces);
  });
}

function differs(how: string, ...readings: readonly unknown[]): Error {
  return new Error(`it is not read alike ${how}: ${JSON.stringify(readings)}`);
}
