import type { ModelVerdict } from "@llm-platform/kit";
import { type ByteSource, sliceSource, toView } from "./byte-source.ts";
import { refused, suspicious, weightsOnly } from "./verdicts.ts";
import { judgePickle, judgeTorch } from "./judge-pickle.ts";
import { toPrintable } from "./printable.ts";
import { findTorchPickle, readTorchZip } from "./torch/torch-file.ts";
import { openZipEntry, readZipDirectory, type ZipEntry } from "./zip-directory.ts";

const maxEntryBytes = 16 * 1024 * 1024;
const maxArrays = 1_000;

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
  const pickle = entries.find(({ name }) => /\.(pkl|pickle|pt|pth|bin|joblib)$/i.test(name));
  const about =
    pickle === undefined
      ? []
      : [`It holds ${toPrintable(pickle.name)}, which may run code when it is loaded.`];
  return refused("archive", [
    "It is an archive, and archives are not unpacked. Unpack it and bring what is inside.",
    ...about,
  ]);
}

/** Beside what PyTorch reads, no other pickle may lie in it: a reader of another name would take that one. */
function judgeTorchZip(source: ByteSource, entries: readonly ZipEntry[]): ModelVerdict {
  const own = findTorchPickle(entries);
  const others = entries.filter((entry) => entry !== own && /\.(pkl|pickle)$/i.test(entry.name));
  const found = others.flatMap((entry) => {
    const { verdict, reasons } = judgePickle(openZipEntry(source, entry, maxEntryBytes));
    return verdict === "refused" ? reasons.map((reason) => `In ${toPrintable(entry.name)}: ${reason}`) : [];
  });
  const verdict = judgeTorch(readTorchZip(source, entries));
  return found.length === 0 ? verdict : refused("pytorch", [...verdict.reasons, ...found]);
}

function judgeKeras(source: ByteSource, entries: readonly ZipEntry[]): ModelVerdict {
  const config = entries.find(({ name }) => name === "config.json");
  if (config === undefined) return refused("keras", ["It has no configuration."]);
  const inner = openZipEntry(source, config, maxEntryBytes);
  const text = Buffer.from(inner.read(0, Math.min(inner.sizeBytes, maxEntryBytes))).toString();
  return judgeKerasConfig("keras", text);
}

/** Layers that hold code of their own, and classes from outside of Keras. */
export function judgeKerasConfig(format: string, config: string): ModelVerdict {
  if (/"class_name":\s*"(Lambda|__lambda__)"/.test(config))
    return refused(format, ["It has a Lambda layer, which is code that runs when the model is loaded."]);
  const foreign = /"module":\s*"(?!keras|builtins")([^"]+)"/.exec(config)?.[1];
  if (foreign !== undefined)
    return refused(format, [`It loads code from the Python module ${toPrintable(foreign)}.`]);
  return suspicious(format, [
    "A Keras file can hold code. None was found in this one; the platform does not load it.",
  ]);
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

/** An array of numbers is only that; one of Python objects is a pickle behind a header. */
export function judgeNumpy(source: ByteSource): ModelVerdict {
  const head = source.read(0, 12);
  const isLong = (head[6] ?? 0) >= 2;
  const view = toView(head);
  const start = isLong ? 12 : 10;
  const length = isLong ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = Buffer.from(source.read(start, Math.min(length, 65_536))).toString("latin1");
  const type = /'descr':\s*(.{0,4096}?),\s*'fortran_order'/s.exec(header)?.[1];
  if (type === undefined) return refused("numpy", ["Its header is not sound."]);
  if (!/[|<>=]?O\d*'/.test(type)) return weightsOnly("numpy");
  const body = sliceSource(source, start + length, source.sizeBytes - start - length);
  const { reasons } = judgePickle(body);
  return refused("numpy", ["It holds Python objects, which are a pickle and can run code.", ...reasons]);
}
