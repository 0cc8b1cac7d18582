import { FormatProblem } from "../formats/format-problem.ts";
import { encodeQ4, encodeQ5, encodeQ8 } from "./block-quants.ts";
import { encodeQ4K } from "./q4-k.ts";

/** Types of numbers that are written, by their number in GGUF. */
export const numberTypes = { f32: 0, f16: 1, q4_0: 2, q5_0: 6, q8_0: 8, q4_k: 12, bf16: 30 } as const;
export type NumberType = keyof typeof numberTypes;

/** Numbers of a type that lie together, and their bytes. */
export const blocks: Readonly<Record<NumberType, { readonly elements: number; readonly bytes: number }>> = {
  f32: { elements: 1, bytes: 4 },
  f16: { elements: 1, bytes: 2 },
  bf16: { elements: 1, bytes: 2 },
  q4_0: { elements: 32, bytes: 18 },
  q5_0: { elements: 32, bytes: 22 },
  q8_0: { elements: 32, bytes: 34 },
  q4_k: { elements: 256, bytes: 144 },
};

const sameBytes: Readonly<Record<string, NumberType>> = { F32: "f32", F16: "f16", BF16: "bf16" };
const elementBytes: Readonly<Record<string, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };

/** How a type of safetensors is written when it is kept; undefined for one that no weights have. */
export function keptType(dtype: string): NumberType | undefined {
  return dtype === "F64" ? "f32" : sameBytes[dtype];
}

/** Writes numbers of one type as another; bytes that stay the same are passed on. Throws FormatProblem `unsupported`. */
export function convertNumbers(bytes: Uint8Array, dtype: string, type: NumberType): Uint8Array {
  return sameBytes[dtype] === type ? bytes : encodeNumbers(decodeNumbers(bytes, dtype), type);
}

export function decodeNumbers(bytes: Uint8Array, dtype: string): Float32Array {
  const size = elementBytes[dtype];
  if (size === undefined)
    throw new FormatProblem("unsupported", `weights of the type ${dtype} cannot be converted`);
  const { buffer } = new Uint8Array(bytes);
  const count = bytes.length / size;
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F16":
      return Float32Array.from(new Float16Array(buffer));
    case "F64":
      return Float32Array.from(new Float64Array(buffer));
    default: {
      const halves = new Uint16Array(buffer);
      const words = new Uint32Array(count);
      for (let index = 0; index < count; index += 1) words[index] = (halves[index] ?? 0) << 16;
      return new Float32Array(words.buffer);
    }
  }
}

export function encodeNumbers(values: Float32Array, type: NumberType): Uint8Array {
  switch (type) {
    case "f32":
      return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    case "f16":
      return encodeHalves(values);
    case "bf16":
      return encodeBrainHalves(values);
    case "q4_0":
      return encodeQ4(values);
    case "q5_0":
      return encodeQ5(values);
    case "q8_0":
      return encodeQ8(values);
    case "q4_k":
      return encodeQ4K(values);
    default:
      return type satisfies never;
  }
}

function encodeHalves(values: Float32Array): Uint8Array {
  const halves = Float16Array.from(values);
  for (let index = 0; index < values.length; index += 1)
    if (Math.abs(halves[index] ?? 0) === Infinity && Number.isFinite(values[index]))
      throw new FormatProblem(
        "unsupported",
        "it holds numbers that are too large for f16; convert it to bf16 or q8_0",
      );
  return new Uint8Array(halves.buffer);
}

/** The upper half of a 32-bit float, rounded to the nearest, to the even one in the middle. */
function encodeBrainHalves(values: Float32Array): Uint8Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index += 1) {
    const word = words[index] ?? 0;
    const isNan = (word & 0x7fffffff) > 0x7f800000;
    halves[index] = isNan ? (word >>> 16) | 64 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return new Uint8Array(halves.buffer);
}
