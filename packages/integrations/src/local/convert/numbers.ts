import { FormatProblem } from "../formats/format-problem.ts";

/** Types of numbers that are written, by their number in GGUF. */
export const numberTypes = { f32: 0, f16: 1, q8_0: 8, bf16: 30 } as const;
export type NumberType = keyof typeof numberTypes;

/** Numbers of a type that lie together, and their bytes. */
export const blocks: Readonly<Record<NumberType, { readonly elements: number; readonly bytes: number }>> = {
  f32: { elements: 1, bytes: 4 },
  f16: { elements: 1, bytes: 2 },
  bf16: { elements: 1, bytes: 2 },
  q8_0: { elements: 32, bytes: 34 },
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
    case "q8_0":
      return encodeQ8(values);
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

/** Blocks of 32 numbers: a scale as a 16-bit float, and each number over it as 8 bits. */
function encodeQ8(values: Float32Array): Uint8Array {
  const { elements, bytes } = blocks.q8_0;
  const count = values.length / elements;
  const out = new Uint8Array(count * bytes);
  const view = new DataView(out.buffer);
  for (let block = 0; block < count; block += 1) {
    const start = block * elements;
    let largest = 0;
    for (let index = 0; index < elements; index += 1)
      largest = Math.max(largest, Math.abs(values[start + index] ?? 0));
    const scale = largest / 127;
    view.setFloat16(block * bytes, scale, true);
    for (let index = 0; index < elements; index += 1) {
      const value = scale === 0 ? 0 : (values[start + index] ?? 0) / scale;
      view.setInt8(block * bytes + 2 + index, Math.sign(value) * Math.round(Math.abs(value)));
    }
  }
  return out;
}
