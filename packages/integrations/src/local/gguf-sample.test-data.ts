/** One metadata entry of a sample file. */
export type GgufEntry =
  | readonly [key: string, type: "string", value: string]
  | readonly [key: string, type: "u32", value: number]
  | readonly [key: string, type: "strings", value: readonly string[]]
  /** An array that claims so many values and holds none. */
  | readonly [key: string, type: "hugeArray", value: bigint];

interface Sample {
  readonly entries: readonly GgufEntry[];
  readonly tensors: readonly {
    readonly name: string;
    readonly dimensions: readonly bigint[];
    readonly offset: bigint;
  }[];
}

/** Writes the head of a GGUF file and a little data, for tests. */
export function encodeGguf({ entries, tensors }: Sample): Uint8Array {
  const parts: Buffer[] = [
    Buffer.from("GGUF"),
    u32(3),
    u64(BigInt(tensors.length)),
    u64(BigInt(entries.length)),
  ];
  for (const entry of entries) parts.push(text(entry[0]), ...encodeValue(entry));
  for (const { name, dimensions, offset } of tensors) {
    parts.push(text(name), u32(dimensions.length), ...dimensions.map(u64), u32(0), u64(offset));
  }
  const bytes = Buffer.concat([...parts, Buffer.alloc(64)]);
  return new Uint8Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function encodeValue(entry: GgufEntry): readonly Buffer[] {
  switch (entry[1]) {
    case "string":
      return [u32(8), text(entry[2])];
    case "u32":
      return [u32(4), u32(entry[2])];
    case "strings":
      return [u32(9), u32(8), u64(BigInt(entry[2].length)), ...entry[2].map(text)];
    case "hugeArray":
      return [u32(9), u32(4), u64(entry[2])];
    default:
      return entry satisfies never;
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([u64(BigInt(Buffer.byteLength(value))), Buffer.from(value)]);
}
