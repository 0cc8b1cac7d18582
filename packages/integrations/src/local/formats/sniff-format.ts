import { looksLikeSafetensors } from "./safetensors-head.ts";

/** What a file is by its first bytes. Its name says nothing. */
export type FileFormat =
  | "empty"
  | "gguf"
  | "ggml"
  | "safetensors"
  | "zip"
  | "pickle"
  | "compressed"
  | "numpy"
  | "hdf5"
  | "tflite"
  | "onnx"
  | "sentencepiece"
  | "archive"
  | "program"
  | "script"
  | "pointer"
  | "text"
  | "unknown";

export interface Sniffed {
  readonly format: FileFormat;
  /** The kind by name, where a format has several. */
  readonly kind: string;
}

/** How many first bytes are looked at. */
export const sniffBytes = 4_096;

const magics: readonly (readonly [magic: string, format: FileFormat, kind: string])[] = [
  ["GGUF", "gguf", "GGUF"],
  ["FUGG", "gguf", "GGUF"],
  ["lmgg", "ggml", "GGML"],
  ["fmgg", "ggml", "GGMF"],
  ["tjgg", "ggml", "GGJT"],
  ["algg", "ggml", "GGLA (an adapter)"],
  ["PK\x03\x04", "zip", "ZIP"],
  ["PK\x05\x06", "zip", "ZIP"],
  ["\x93NUMPY", "numpy", "NumPy"],
  ["\x89HDF\r\n\x1a\n", "hdf5", "HDF5"],
  ["\x7fELF", "program", "ELF"],
  ["MZqFpD", "program", "llamafile"],
  ["jartsr='", "program", "llamafile"],
  ["MZ", "program", "PE"],
  ["\xfe\xed\xfa\xce", "program", "Mach-O"],
  ["\xfe\xed\xfa\xcf", "program", "Mach-O"],
  ["\xce\xfa\xed\xfe", "program", "Mach-O"],
  ["\xcf\xfa\xed\xfe", "program", "Mach-O"],
  ["\xca\xfe\xba\xbe", "program", "Mach-O or Java"],
  ["\0asm", "program", "WebAssembly"],
  ["#!", "script", "script"],
  ["<?php", "script", "PHP"],
  ["\x1f\x8b", "compressed", "gzip"],
  ["x\x01", "compressed", "zlib"],
  ["x\x5e", "compressed", "zlib"],
  ["x\x9c", "compressed", "zlib"],
  ["x\xda", "compressed", "zlib"],
  ["BZh", "archive", "bzip2"],
  ["\xfd7zXZ\0", "archive", "xz"],
  ["\x28\xb5\x2f\xfd", "archive", "zstd"],
  ["\x04\x22\x4d\x18", "archive", "LZ4"],
  ["7z\xbc\xaf\x27\x1c", "archive", "7z"],
  ["Rar!\x1a\x07", "archive", "RAR"],
  ["version https://git-lfs.github.com/spec/", "pointer", "Git LFS pointer"],
  ["version https://hawser.github.com/spec/", "pointer", "Git LFS pointer"],
];

/**
 * @param start the first `sniffBytes` bytes, or all
 * @param fileBytes size of the whole file
 */
export function sniffFormat(start: Uint8Array, fileBytes: number): Sniffed {
  if (start.length === 0) return { format: "empty", kind: "empty file" };
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength).toString("latin1");
  for (const [magic, format, kind] of magics) if (bytes.startsWith(magic)) return { format, kind };
  if (bytes.slice(4, 8) === "TFL3") return { format: "tflite", kind: "TensorFlow Lite" };
  if (bytes.slice(257, 262) === "ustar") return { format: "archive", kind: "tar" };
  const [first = 0, second = 0] = start;
  if (first === 0x80 && second >= 1 && second <= 5) return { format: "pickle", kind: "pickle" };
  if (looksLikeSafetensors(start, fileBytes)) return { format: "safetensors", kind: "safetensors" };
  if (first === 0x08 && second < 0x20 && /^[\x12\x1a\x2a\x3a\x42]/.test(bytes.slice(2)))
    return { format: "onnx", kind: "ONNX" };
  if (/^\n[^\0]{1,2}\n.<(unk|pad|s)>\x15/s.test(bytes))
    return { format: "sentencepiece", kind: "SentencePiece" };
  return isText(start) ? { format: "text", kind: "text" } : { format: "unknown", kind: "unknown" };
}

function isText(start: Uint8Array): boolean {
  if (start.includes(0)) return false;
  // The last character may be cut.
  for (let cut = 0; cut < 4; cut += 1) {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(start.subarray(0, start.length - cut));
      return true;
    } catch {
      // Tried again one byte shorter.
    }
  }
  return false;
}
