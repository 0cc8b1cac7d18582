/** A value of GGUF's metadata. */
export type GgufValue =
  | { readonly type: "u32" | "i32" | "f32"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "u32s" | "i32s" | "f32s"; readonly value: readonly number[] }
  | { readonly type: "strings"; readonly value: readonly string[] };

/** Metadata in the order in which it is written. */
export type GgufMetadata = Map<string, GgufValue>;

/** A tensor as the head of the file tells it. */
export interface GgufTensor {
  readonly name: string;
  /** Rows before columns, as elsewhere; the file has them the other way round. */
  readonly shape: readonly number[];
  /** Number of the type in GGUF. */
  readonly type: number;
  readonly bytes: number;
}

const version = 3;
export const ggufAlignment = 32;
const valueTypes = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

/** The head of a GGUF file, padded to where the data of the first tensor begins. */
export function encodeGgufHead(metadata: GgufMetadata, tensors: readonly GgufTensor[]): Buffer {
  const parts: Buffer[] = [Buffer.from("GGUF"), u32(version), u64(tensors.length), u64(metadata.size)];
  for (const [key, value] of metadata) parts.push(text(key), ...encodeValue(value));
  let offset = 0;
  for (const { name, shape, type, bytes } of tensors) {
    parts.push(text(name), u32(shape.length), ...shape.toReversed().map(u64), u32(type), u64(offset));
    offset += padded(bytes);
  }
  const head = Buffer.concat(parts);
  return Buffer.concat([head, Buffer.alloc(padded(head.length) - head.length)]);
}

/** Bytes with what is filled up behind them. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / ggufAlignment) * ggufAlignment;
}

function encodeValue(value: GgufValue): readonly Buffer[] {
  switch (value.type) {
    case "u32":
      return [u32(valueTypes.u32), u32(value.value)];
    case "i32":
      return [u32(valueTypes.i32), i32(value.value)];
    case "f32":
      return [u32(valueTypes.f32), f32(value.value)];
    case "bool":
      return [u32(valueTypes.bool), Buffer.from([value.value ? 1 : 0])];
    case "string":
      return [u32(valueTypes.string), text(value.value)];
    case "u32s":
      return array(valueTypes.u32, value.value.map(u32));
    case "i32s":
      return array(valueTypes.i32, value.value.map(i32));
    case "f32s":
      return array(valueTypes.f32, value.value.map(f32));
    case "strings":
      return array(valueTypes.string, value.value.map(text));
    default:
      return value satisfies never;
  }
}

function array(type: number, items: readonly Buffer[]): readonly Buffer[] {
  return [u32(valueTypes.array), u32(type), u64(items.length), ...items];
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
}
