import { toByteSource } from "../../packages/integrations/src/local/formats/byte-source.ts";
import { FormatProblem } from "../../packages/integrations/src/local/formats/format-problem.ts";
import { judgeSource } from "../../packages/integrations/src/local/formats/inspect-file.ts";
import { judgeGguf } from "../../packages/integrations/src/local/formats/judge-gguf.ts";
import { sniffFormat } from "../../packages/integrations/src/local/formats/sniff-format.ts";
import { namedTensors } from "../../packages/integrations/src/local/formats/torch/named-tensors.ts";
import { readTorchFile } from "../../packages/integrations/src/local/formats/torch/torch-file.ts";
import { parseGgufHead } from "../../packages/integrations/src/local/gguf-head.ts";
import { toDenseTensor } from "../../packages/integrations/src/local/convert/weights/torch-weights.ts";
import { elementsOf } from "../../packages/integrations/src/local/convert/weights/weight-tensor.ts";
import { readSentencePiece } from "../../packages/integrations/src/local/convert/tokenizer/sentencepiece-model.ts";

/** The tensors of made-up files have fewer elements. */
const maxElements = 10_000;

/** Reads a file in every way that the platform has for its bytes. Throws only when a reader is at fault. */
export function readModelFile(bytes: Uint8Array): string {
  const sniffed = sniffFormat(bytes.subarray(0, 4_096), bytes.length);
  if (sniffed.format === "gguf") {
    const head = parseGgufHead(bytes, bytes.length);
    if (head.type === "more") throw new Error("the whole file was given, and more is asked for");
    return `gguf ${judgeGguf(head).verdict}`;
  }
  const { verdict, format } = judgeSource(toByteSource(bytes), sniffed);
  if (verdict === "weights_only" && ["pickle", "pytorch", "program"].includes(format))
    throw new Error(`${format} was found to be weights only`);
  if (format === "pytorch") orProblem(() => readTensors(bytes));
  if (format === "sentencepiece") orProblem(() => void readSentencePiece(toByteSource(bytes)));
  return `${format} ${verdict}`;
}

function readTensors(bytes: Uint8Array): void {
  const file = readTorchFile(toByteSource(bytes));
  for (const [name, tensor] of namedTensors(file.value)) {
    const dense = toDenseTensor(name, { tensor, storage: file.open(tensor.storage) });
    dense.read(0, Math.min(maxElements, elementsOf(dense)));
  }
}

function orProblem(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof FormatProblem)) throw error;
  }
}
