import type { ModelVerdict } from "@llm-platform/kit";
import type { ByteSource } from "./byte-source.ts";
import { toPrintable } from "./printable.ts";
import { refused, suspicious } from "./verdicts.ts";
import { openZipEntry, type ZipEntry } from "./zip-directory.ts";

const maxConfigBytes = 16 * 1024 * 1024;
const scannedBytes = 4 * 1024 * 1024;
/** What stands across two parts that are scanned is found in the second. */
const overlapBytes = 64 * 1024;
/** Functions of Keras itself that fetch, unpack or load what their arguments name, or switch its guards off. */
const reachingFunctions =
  /"config"\s*:\s*"(get_file|load_model|load_weights|load_img|deserialize\w*|enable_unsafe_deserialization)"/;
const harmlessBuiltins = new Set(["function", "slice", "set", "tuple", "list", "dict", "str", "type"]);

/** A `.keras` file: its layers are named in its configuration. */
export function judgeKeras(source: ByteSource, entries: readonly ZipEntry[]): ModelVerdict {
  const config = entries.find(({ name }) => name === "config.json");
  if (config === undefined) return refused("keras", ["It has no configuration."]);
  const inner = openZipEntry(source, config, maxConfigBytes);
  if (inner.sizeBytes > maxConfigBytes)
    return refused("keras", ["Its configuration is too large to look into."]);
  const text = Buffer.from(inner.read(0, inner.sizeBytes)).toString();
  return toVerdict("keras", findKerasCode(text));
}

/** Files of HDF5 keep the configuration of Keras as a text, anywhere among the numbers. */
export function judgeHdf5(source: ByteSource): ModelVerdict {
  for (let at = 0; at < source.sizeBytes; at += scannedBytes) {
    const length = Math.min(scannedBytes + overlapBytes, source.sizeBytes - at);
    const code = findKerasCode(Buffer.from(source.read(at, length)).toString("latin1"));
    if (code !== undefined) return toVerdict("hdf5", code);
  }
  return toVerdict("hdf5", undefined);
}

/** Layers that hold code of their own, classes from outside of Keras, and functions that reach out; undefined for none. */
function findKerasCode(config: string): string | undefined {
  const text = config.replaceAll(/\\u([0-9a-f]{4})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  if (/"class_name"\s*:\s*"(Lambda|__lambda__|TFOpLambda|SlicingOpLambda)"/.test(text))
    return "It has a Lambda layer, which is code that runs when the model is loaded.";
  for (const [, module = ""] of text.matchAll(/"module"\s*:\s*"([^"]*)"/g))
    if (!/^(keras|builtins|tf_keras|keras_hub|keras_nlp|keras_cv)(\.|$)/.test(module))
      return `It loads code from the Python module ${toPrintable(module)}.`;
  const builtin = /"module"\s*:\s*"builtins"\s*,\s*"class_name"\s*:\s*"([^"]*)"/g;
  for (const [, name = ""] of text.matchAll(builtin))
    if (!harmlessBuiltins.has(name)) return `It calls ${toPrintable(name)} of the Python module builtins.`;
  const reaching = reachingFunctions.exec(text)?.[1];
  return reaching === undefined
    ? undefined
    : `It calls the function ${reaching} of Keras, which reaches out of the file.`;
}

function toVerdict(format: string, code: string | undefined): ModelVerdict {
  if (code !== undefined) return refused(format, [code]);
  return suspicious(format, [
    "A Keras file can hold code. None was found in this one; the platform does not load it.",
  ]);
}
