import type { ModelVerdict } from "@llm-platform/kit";
import { constants, gunzipSync, inflateSync } from "node:zlib";
import { type ByteSource, readStart, toByteSource } from "./byte-source.ts";
import { type PickleResult, readPickle } from "./pickle/read-pickle.ts";
import { readTorchFile, type TorchFile } from "./torch/torch-file.ts";
import { torchHost } from "./torch/torch-host.ts";
import { refused, suspicious } from "./verdicts.ts";

const maxPickles = 64;
const maxUnpackedBytes = 16 * 1024 * 1024;

/** Whatever PyTorch would read by unpickling, and pickles alone: they run code on load where they want to. */
export function judgeTorch(file: TorchFile): ModelVerdict {
  const reasons = toReasons(file);
  if (reasons.length > 0) return refused("pytorch", reasons);
  if (file.problem !== undefined) return refused("pytorch", [toProblem(file.problem)]);
  return suspicious("pytorch", [
    "A PyTorch file can run code when PyTorch loads it. This one holds tensors only; convert it before it is used.",
  ]);
}

export function judgeLegacyTorch(source: ByteSource): ModelVerdict {
  return judgeTorch(readTorchFile(source));
}

/** A file of one or more pickles, one after another. */
export function judgePickle(source: ByteSource): ModelVerdict {
  const reasons = new Set<string>();
  let at = 0;
  for (let count = 0; count < maxPickles && at < source.sizeBytes; count += 1) {
    const result = readPickle(source, at, torchHost);
    for (const reason of toReasons(result)) reasons.add(reason);
    if (result.problem !== undefined) {
      if (count === 0 || result.findings.length > 0 || result.isUnread)
        reasons.add(toProblem(result.problem));
      break;
    }
    at = result.end;
    if (count === maxPickles - 1 && at < source.sizeBytes)
      reasons.add(`It holds more than ${maxPickles} pickles, which are not all looked at.`);
  }
  if (reasons.size > 0) return refused("pickle", [...reasons]);
  return suspicious("pickle", [
    "A pickle can run code when it is loaded. This one holds data only; the platform does not load it.",
  ]);
}

/**
 * A pickle of the protocols before 2, which has no mark at its start: it reads to its end, or wants to call something
 * before it breaks. Undefined for what is no pickle.
 */
export function judgeUnmarkedPickle(source: ByteSource): ModelVerdict | undefined {
  const result = readPickle(source, 0, torchHost);
  const isWhole =
    result.problem === undefined && (result.end === source.sizeBytes || result.findings.length > 0);
  if (result.isUnread) return refused("pickle", [...toReasons(result), toProblem(result.problem)]);
  return isWhole || wantsCall(result) ? judgePickle(source) : undefined;
}

/** Texts that are no pickles can read as one that names something, or asks for something outside of it. */
function wantsCall({ findings }: PickleResult): boolean {
  return findings.some((finding) => /^(calls|uses|sets|appends) /.test(finding));
}

/** What a part of an archive that is called anything wants to do when it is loaded as a pickle; empty for what is none. */
export function findCalls(source: ByteSource): readonly string[] {
  const result = readPickle(source, 0, torchHost);
  return wantsCall(result) ? toReasons(result) : [];
}

function toReasons({ findings }: Pick<PickleResult, "findings">): readonly string[] {
  return findings.map((finding) => `It ${finding} when it is loaded.`);
}

function toProblem(problem = "it breaks off"): string {
  return `Its pickle is not sound: ${problem}.`;
}

/** What joblib and others pack: looked into in memory as far as `maxUnpackedBytes`, never written out. */
export function judgeCompressed(source: ByteSource, kind: string): ModelVerdict {
  const packed = readStart(source, maxUnpackedBytes);
  const options = { maxOutputLength: maxUnpackedBytes, finishFlush: constants.Z_SYNC_FLUSH };
  let inner: ByteSource;
  try {
    inner = toByteSource(kind === "gzip" ? gunzipSync(packed, options) : inflateSync(packed, options));
  } catch {
    return refused("archive", [
      `It is packed by ${kind} and cannot be looked into. Unpack it and bring what is inside.`,
    ]);
  }
  const first = inner.sizeBytes === 0 ? 0 : (inner.read(0, 1)[0] ?? 0);
  const verdict = first === 0x80 ? judgePickle(inner) : judgeUnmarkedPickle(inner);
  if (verdict !== undefined)
    return { ...verdict, reasons: [`It is a pickle packed by ${kind}.`, ...verdict.reasons] };
  return refused("archive", [`It is packed by ${kind}. Unpack it and bring what is inside.`]);
}
