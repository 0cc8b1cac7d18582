import type { ModelVerdict } from "@llm-platform/kit";
import { readGgufFile } from "../gguf-file.ts";
import { type ByteSource, openFileSource, readStart } from "./byte-source.ts";
import { refused, suspicious, weightsOnly } from "./verdicts.ts";
import { FormatProblem } from "./format-problem.ts";
import { judgeZip } from "./judge-archive.ts";
import { readGgmlFile } from "./ggml/ggml-file.ts";
import { toGgmlLlama } from "./ggml/ggml-llama.ts";
import { judgeGguf } from "./judge-gguf.ts";
import { judgeHdf5 } from "./judge-keras.ts";
import { judgeNumpy } from "./judge-numpy.ts";
import { judgeOnnx } from "./judge-onnx.ts";
import { judgeCompressed, judgeLegacyTorch, judgePickle, judgeUnmarkedPickle } from "./judge-pickle.ts";
import { readSafetensorsHead } from "./safetensors-head.ts";
import { type Sniffed, sniffBytes, sniffFormat } from "./sniff-format.ts";
import { isLegacyTorch } from "./torch/torch-file.ts";
import { hasZipEnd } from "./zip-end.ts";

/** The verdict on one file by what it holds. Rejects only when it cannot be opened. */
export async function inspectFile(path: string): Promise<ModelVerdict> {
  const source = openFileSource(path);
  try {
    const sniffed = sniffFormat(readStart(source, sniffBytes), source.sizeBytes);
    const verdict =
      sniffed.format === "gguf" ? judgeGguf(await readGgufFile(path)) : judgeSource(source, sniffed);
    return sniffed.format !== "zip" && hasZipEnd(source) ? withArchive(verdict) : verdict;
  } finally {
    source.close();
  }
}

/** Programs that open archives begin at the end of a file, whatever it begins with. */
function withArchive({ reasons }: ModelVerdict): ModelVerdict {
  return refused("archive", [
    ...reasons,
    "It is an archive (ZIP) as well, by its end. Bring one or the other.",
  ]);
}

/** The verdict on anything but a GGUF file. */
export function judgeSource(source: ByteSource, sniffed: Sniffed): ModelVerdict {
  try {
    return judge(source, sniffed);
  } catch (error) {
    if (!(error instanceof FormatProblem)) throw error;
    return refused(sniffed.format, [`It is not a sound ${sniffed.kind} file: ${error.message}.`]);
  }
}

function judge(source: ByteSource, { format, kind }: Sniffed): ModelVerdict {
  switch (format) {
    case "safetensors":
      readSafetensorsHead(source);
      return weightsOnly("safetensors");
    case "zip":
      return judgeZip(source);
    case "pickle":
      return isLegacyTorch(readStart(source, sniffBytes)) ? judgeLegacyTorch(source) : judgePickle(source);
    case "compressed":
      return judgeCompressed(source, kind);
    case "numpy":
      return judgeNumpy(source);
    case "hdf5":
      return judgeHdf5(source);
    case "tflite":
      return suspicious("tflite", [
        "A TensorFlow Lite file is a program of known operators. The platform does not run it.",
      ]);
    case "onnx":
      return judgeOnnx(source);
    case "text":
      return judgeUnmarkedPickle(source) ?? weightsOnly("text");
    case "sentencepiece":
      return weightsOnly("sentencepiece");
    case "ggml":
      toGgmlLlama(readGgmlFile(source));
      return weightsOnly("ggml", [
        `It is in the old format ${kind} of llama.cpp. Convert it before it is used.`,
      ]);
    case "unknown":
      return (
        judgeUnmarkedPickle(source) ??
        refused("unknown", ["It is in no format of models that the platform knows."])
      );
    default:
      return refused(format, [refusals[format](kind)]);
  }
}

const refusals = {
  empty: () => "It is empty.",
  gguf: () => "It is not a sound GGUF file.",
  archive: (kind: string) =>
    `It is an archive (${kind}), and archives are not unpacked. Unpack it and bring what is inside.`,
  program: (kind: string) => `It is a program (${kind}), not a model.`,
  script: (kind: string) => `It is a program (${kind}), not a model.`,
  pointer: () =>
    "It is only a pointer to the file (Git LFS). Download the file itself, for example with 'git lfs pull'.",
} as const;
