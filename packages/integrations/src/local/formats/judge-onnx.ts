import type { ModelVerdict } from "@llm-platform/kit";
import type { ByteSource } from "./byte-source.ts";
import { refused, suspicious } from "./verdicts.ts";
import { FormatProblem } from "./format-problem.ts";
import { toPrintable } from "./printable.ts";

/** Fields of the messages of ONNX that lead to the names of external files. */
const graphField = 7;
const initializerField = 5;
const externalField = 13;
const entry = { key: 1, value: 2 } as const;
const maxFields = 2_000_000;
const maxTextBytes = 4_096;

interface Field {
  readonly number: number;
  /** Where its bytes lie; empty for numbers. */
  readonly start: number;
  readonly end: number;
}

/** An ONNX file is a graph of known operators; its tensors may lie in other files, whose paths must stay in the folder. */
export function judgeOnnx(source: ByteSource): ModelVerdict {
  const paths = new Set<string>();
  const budget = { left: maxFields };
  const walk = (start: number, end: number) => readFields(source, { start, end }, budget);
  for (const graph of walk(0, source.sizeBytes).filter(({ number }) => number === graphField))
    for (const tensor of walk(graph.start, graph.end).filter(({ number }) => number === initializerField))
      for (const external of walk(tensor.start, tensor.end).filter(
        ({ number }) => number === externalField,
      )) {
        const fields = walk(external.start, external.end);
        if (textOf(source, fields, entry.key) === "location") paths.add(textOf(source, fields, entry.value));
      }
  const outside = [...paths].filter(
    (path) => /^([/\\]|[a-z]:)/i.test(path) || path.split(/[/\\]/).includes(".."),
  );
  if (outside.length > 0)
    return refused(
      "onnx",
      outside.map((path) => `It takes data from ${toPrintable(path)}, outside of its folder.`),
    );
  const about = paths.size === 0 ? [] : [`It takes data from ${paths.size} other files of its folder.`];
  return suspicious("onnx", [
    "An ONNX file is a program of known operators. The platform does not run it.",
    ...about,
  ]);
}

function readFields(
  source: ByteSource,
  { start, end }: { readonly start: number; readonly end: number },
  budget: { left: number },
): readonly Field[] {
  const fields: Field[] = [];
  let at = start;
  const readNumber = (): number => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = source.read(at, 1);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
    throw new FormatProblem("corrupt", "it holds a number without an end");
  };
  while (at < end) {
    budget.left -= 1;
    if (budget.left < 0) throw new FormatProblem("corrupt", "it has too many fields");
    const tag = readNumber();
    const type = tag & 7;
    if (type === 0) readNumber();
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else if (type === 2) {
      const length = readNumber();
      fields.push({ number: Math.floor(tag / 8), start: at, end: at + length });
      at += length;
    } else throw new FormatProblem("corrupt", "it is no sound protobuf message");
    if (at > end) throw new FormatProblem("corrupt", "one of its fields is longer than the file");
  }
  return fields;
}

function textOf(source: ByteSource, fields: readonly Field[], number: number): string {
  const field = fields.find((each) => each.number === number);
  if (field === undefined) return "";
  return Buffer.from(source.read(field.start, Math.min(maxTextBytes, field.end - field.start))).toString();
}
