import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type FileSource, openFileSource, readStart } from "../../formats/byte-source.ts";
import { FormatProblem } from "../../formats/format-problem.ts";
import { toPrintable } from "../../formats/printable.ts";
import { readSafetensorsHead } from "../../formats/safetensors-head.ts";
import { sniffBytes, sniffFormat } from "../../formats/sniff-format.ts";
import { namedTensors } from "../../formats/torch/named-tensors.ts";
import { elementBytesOf, readTorchFile } from "../../formats/torch/torch-file.ts";
import { readJsonFile, toRecord } from "../json-file.ts";
import { toDenseTensor } from "./torch-weights.ts";
import { elementsOf, type Weights, type WeightTensor } from "./weight-tensor.ts";

const maxShards = 1_000;
/** Tensors of PyTorch may share their numbers, as the first and the last matrix do. Many that do would fill the disk. */
const maxGrowth = 2;
/** Indexes of models in several files, the safer format first. */
const indexes = ["model.safetensors.index.json", "pytorch_model.bin.index.json"];
const singles = ["model.safetensors", "pytorch_model.bin", "model.pth", "pytorch_model.pt"];

/**
 * Opens the weights of a folder in the form of the Hugging Face Hub: safetensors where there are any, else PyTorch's
 * files, read as data.
 *
 * @throws FormatProblem `unsupported` when there are none; what the files themselves have
 */
export function openWeights(folder: string): Weights {
  const sources: FileSource[] = [];
  const tensors = new Map<string, WeightTensor>();
  const close = (): void => {
    for (const source of sources) source.close();
  };
  try {
    for (const name of weightFiles(folder)) {
      const source = openFileSource(join(folder, name));
      sources.push(source);
      for (const tensor of readTensors(source)) {
        if (tensors.has(tensor.name))
          throw new FormatProblem("corrupt", `the tensor ${toPrintable(tensor.name)} is in two of its files`);
        tensors.set(tensor.name, tensor);
      }
    }
  } catch (error) {
    close();
    throw error;
  }
  const fileBytes = sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const tensorBytes = [...tensors.values()].reduce(
    (sum, tensor) => sum + elementsOf(tensor) * (elementBytesOf(tensor.dtype) ?? 0),
    0,
  );
  if (tensorBytes > fileBytes * maxGrowth) {
    close();
    throw new FormatProblem("corrupt", "its tensors share their numbers with too many others");
  }
  return { tensors, close };
}

function weightFiles(folder: string): readonly string[] {
  const index = indexes.find((name) => existsSync(join(folder, name)));
  if (index !== undefined) return filesOfIndex(folder, index);
  const single = singles.find((name) => existsSync(join(folder, name)));
  if (single !== undefined) return [single];
  const others = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));
  if (others.length > 0) return others.toSorted().slice(0, maxShards);
  throw new FormatProblem(
    "unsupported",
    `the folder holds no weights: none of ${[...indexes, ...singles].join(", ")} is there`,
  );
}

function filesOfIndex(folder: string, index: string): readonly string[] {
  const map = toRecord(readJsonFile(folder, index)?.["weight_map"]);
  const names = [...new Set(Object.values(map ?? {}))];
  const sound = names.filter(
    (name): name is string => typeof name === "string" && /^[\w.-]+$/.test(name) && !name.startsWith("."),
  );
  if (sound.length === 0 || sound.length !== names.length || sound.length > maxShards)
    throw new FormatProblem("corrupt", `${index} does not name files of its folder`);
  const missing = sound.find((name) => !existsSync(join(folder, name)));
  if (missing !== undefined) throw new FormatProblem("corrupt", `the part ${missing} is missing`);
  return sound.toSorted();
}

function readTensors(source: FileSource): readonly WeightTensor[] {
  const { format } = sniffFormat(readStart(source, sniffBytes), source.sizeBytes);
  if (format === "safetensors") {
    return readSafetensorsHead(source).tensors.map((entry) => {
      const elements = entry.shape.reduce((product, count) => product * count, 1);
      const bytes = elements === 0 ? 0 : entry.bytes / elements;
      return { ...entry, read: (from, count) => source.read(entry.offset + from * bytes, count * bytes) };
    });
  }
  const file = readTorchFile(source);
  if (file.findings.length > 0) throw new FormatProblem("unsafe", `it ${file.findings.join(", and it ")}`);
  if (file.problem !== undefined) throw new FormatProblem("corrupt", file.problem);
  return [...namedTensors(file.value)].map(([name, tensor]) =>
    toDenseTensor(name, { tensor, storage: file.open(tensor.storage) }),
  );
}
