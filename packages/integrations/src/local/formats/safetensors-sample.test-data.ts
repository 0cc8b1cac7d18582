/** Writes a safetensors file from its head and data, for tests. */
export function encodeSafetensors(head: object, data: Uint8Array): Buffer {
  return encodeHead(JSON.stringify(head), data);
}

/** The same with any text as its head. */
export function encodeHead(head: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(head)));
  return Buffer.concat([length, Buffer.from(head), data]);
}
