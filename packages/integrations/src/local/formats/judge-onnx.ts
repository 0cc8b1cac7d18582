import type { ModelVerdict } from "@llm-platform/kit";
import type { ByteSource } from "./byte-source.ts";
import { toPrintable } from "./printable.ts";
import { type ProtobufField, ProtobufReader } from "./protobuf.ts";
import { refused, suspicious } from "./verdicts.ts";

/** Fields of the messages of ONNX that lead to the names of external files. */
const graphField = 7;
const initializerField = 5;
const externalField = 13;
const entry = { key: 1, value: 2 } as const;
const maxFields = 2_000_000;

/** An ONNX file is a graph of known operators; its tensors may lie in other files, whose paths must stay in the folder. */
export function judgeOnnx(source: ByteSource): ModelVerdict {
  const reader = new ProtobufReader(source, maxFields);
  const below = (message: Pick<ProtobufField, "start" | "end">, number: number) =>
    reader.fields(message).filter((field) => field.number === number);
  const paths = new Set<string>();
  for (const graph of below({ start: 0, end: source.sizeBytes }, graphField))
    for (const tensor of below(graph, initializerField))
      for (const external of below(tensor, externalField)) {
        const fields = reader.fields(external);
        const textOf = (number: number): string => {
          const field = fields.find((each) => each.number === number);
          return field === undefined ? "" : reader.text(field);
        };
        if (textOf(entry.key) === "location") paths.add(textOf(entry.value));
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
