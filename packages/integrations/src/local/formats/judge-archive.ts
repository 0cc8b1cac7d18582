import type { ModelVerdict } from "@llm-platform/kit";
import type { ByteSource } from "./byte-source.ts";
import { FormatProblem } from "./format-problem.ts";
import { judgeKeras } from "./judge-keras.ts";
import { judgeNumpy } from "./judge-numpy.ts";
import { findCalls, judgePickle, judgeTorch } from "./judge-pickle.ts";
import { refused, weightsOnly } from "./verdicts.ts";
import { toPrintable } from "./printable.ts";
import { findTorchPickle, readTorchZip } from "./torch/torch-file.ts";
import { openZipEntry, readZipDirectory, type ZipEntry } from "./zip-directory.ts";

const maxEntryBytes = 16 * 1024 * 1024;
const maxArrays = 1_000;
/** Parts of any name that are looked into for pickles. */
const maxLookedInto = 1_000;

/** A ZIP archive: several model formats are one. It is never unpacked to disk. */
export function judgeZip(source: ByteSource): ModelVerdict {
  const entries = readZipDirectory(source);
  const names = new Set(entries.map(({ name }) => name));
  if (entries.some(({ name }) => /(^|\/)(constants\.pkl|code\/.*\.py)$/.test(name)))
    return refused("torchscript", [
      "It is a TorchScript program, not weights. Save the model's state_dict instead.",
    ]);
  if (findTorchPickle(entries) !== undefined) return judgeTorchZip(source, entries);
  if (names.has("config.json") && names.has("metadata.json")) return judgeKeras(source, entries);
  if (entries.length > 0 && entries.every(({ name }) => name.endsWith(".npy")))
    return judgeArrays(source, entries);
  return refused("archive", [
    ...findCallsInside(source, entries),
    "It is an archive, and archives are not unpacked. Unpack it and bring what is inside.",
  ]);
}

/** What the parts of an archive want to call, whatever they are named. */
function findCallsInside(source: ByteSource, entries: readonly ZipEntry[]): readonly string[] {
  return entries.slice(0, maxLookedInto).flatMap((entry) => {
    try {
      const calls = findCalls(openZipEntry(source, entry, maxEntryBytes));
      return calls.map((call) => `In ${toPrintable(entry.name)}: ${call}`);
    } catch (error) {
      if (error instanceof FormatProblem && error.kind === "unsupported") return [];
      throw error;
    }
  });
}

/** Beside what PyTorch reads, no other pickle may lie in it: a reader of another name would take that one. */
function judgeTorchZip(source: ByteSource, entries: readonly ZipEntry[]): ModelVerdict {
  const own = findTorchPickle(entries);
  const others = entries.filter((entry) => entry !== own);
  const named = others.filter(({ name }) => /\.(pkl|pickle)$/i.test(name));
  const unnamed = others.filter((entry) => !named.includes(entry));
  const found = named.flatMap((entry) => {
    const { verdict, reasons } = judgePickle(openZipEntry(source, entry, maxEntryBytes));
    return verdict === "refused" ? reasons.map((reason) => `In ${toPrintable(entry.name)}: ${reason}`) : [];
  });
  found.push(...findCallsInside(source, unnamed));
  const verdict = judgeTorch(readTorchZip(source, entries));
  return found.length === 0 ? verdict : refused("pytorch", [...verdict.reasons, ...found]);
}

function judgeArrays(source: ByteSource, entries: readonly ZipEntry[]): ModelVerdict {
  const reasons: string[] = [];
  for (const entry of entries.slice(0, maxArrays)) {
    const verdict = judgeNumpy(openZipEntry(source, entry, maxEntryBytes));
    if (verdict.verdict === "refused")
      reasons.push(...verdict.reasons.map((reason) => `In ${toPrintable(entry.name)}: ${reason}`));
  }
  if (entries.length > maxArrays) reasons.push(`It holds more than ${maxArrays} arrays.`);
  return reasons.length > 0 ? refused("numpy", reasons) : weightsOnly("numpy");
}
