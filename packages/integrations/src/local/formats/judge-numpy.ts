import type { ModelVerdict } from "@llm-platform/kit";
import { type ByteSource, sliceSource, toView } from "./byte-source.ts";
import { judgePickle } from "./judge-pickle.ts";
import { refused, weightsOnly } from "./verdicts.ts";

/** NumPy itself refuses longer ones. */
const maxHeaderBytes = 10_000;
/** The types of numbers, and texts of a fixed length. */
const type = String.raw`'[|<>=]?[?biufcSUVmM]\d{1,6}(?:\[[\w/]{1,16}\])?'`;
const shape = String.raw`\((?:\d+L?(?:, ?\d+L?)*,?)?\)`;
const field = String.raw`\('\w{1,64}', ${type}(?:, ${shape})?\)`;
/** The header as NumPy writes it. It is Python, and Python could say the same in ways that hide what it says. */
const header = new RegExp(
  String.raw`^\{'descr': (?:${type}|\[${field}(?:, ${field}){0,63}\]), 'fortran_order': (?:True|False), 'shape': ${shape},? ?\}\s*$`,
);

/** An array of numbers is only that; one of Python objects is a pickle behind a header. */
export function judgeNumpy(source: ByteSource): ModelVerdict {
  const head = source.read(0, 12);
  const isLong = (head[6] ?? 0) >= 2;
  const view = toView(head);
  const start = isLong ? 12 : 10;
  const length = isLong ? view.getUint32(8, true) : view.getUint16(8, true);
  const text = Buffer.from(source.read(start, Math.min(length, maxHeaderBytes))).toString("latin1");
  if (length <= maxHeaderBytes && header.test(text)) return weightsOnly("numpy");
  const body = sliceSource(source, start + length, source.sizeBytes - start - length);
  const { verdict, reasons } = judgePickle(body);
  const isPickle = /'[|<>=]?O\d*'/.test(text) || verdict === "suspicious";
  return refused("numpy", [
    isPickle
      ? "It holds Python objects, which are a pickle and can run code."
      : "Its header is not one that NumPy writes for an array of numbers.",
    ...reasons,
  ]);
}
