/** Numbers that share one scale. */
const blockElements = 32;

/** Blocks of 32 numbers: a scale as a 16-bit float, and each number over it as 8 bits. */
export function encodeQ8(values: Float32Array): Uint8Array {
  const bytes = 34;
  return encodeBlocks(values, bytes, (block, out) => {
    const largest = block.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const scale = largest / 127;
    out.setFloat16(0, scale, true);
    for (const [index, value] of block.entries()) {
      const quotient = scale === 0 ? 0 : value / scale;
      out.setInt8(2 + index, Math.sign(quotient) * Math.round(Math.abs(quotient)));
    }
  });
}

/** Blocks of 32 numbers: a scale, and each number over it as 4 bits; those of both halves share bytes. */
export function encodeQ4(values: Float32Array): Uint8Array {
  const bytes = 18;
  return encodeBlocks(values, bytes, (block, out) => {
    const levels = toLevels(block, 4, out);
    for (let index = 0; index < 16; index += 1)
      out.setUint8(2 + index, (levels[index] ?? 0) | ((levels[index + 16] ?? 0) << 4));
  });
}

/** As `encodeQ4`, with a fifth bit of each number in a word of its own. */
export function encodeQ5(values: Float32Array): Uint8Array {
  const bytes = 22;
  return encodeBlocks(values, bytes, (block, out) => {
    const levels = toLevels(block, 5, out);
    let fifthBits = 0;
    for (const [index, level] of levels.entries()) fifthBits |= (level >>> 4) << index;
    out.setUint32(2, fifthBits >>> 0, true);
    for (let index = 0; index < 16; index += 1)
      out.setUint8(6 + index, ((levels[index] ?? 0) & 15) | (((levels[index + 16] ?? 0) & 15) << 4));
  });
}

/**
 * Writes the scale of a block, by which its number farthest from zero is the lowest level, and returns the levels of
 * all. As `quantize_row_q4_0_ref` of ggml does it, in 32-bit floats.
 */
function toLevels(block: Float32Array, bits: number, out: DataView): Uint8Array {
  const half = 2 ** (bits - 1);
  const farthest = block.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  const scale = Math.fround(farthest / -half);
  const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
  out.setFloat16(0, scale, true);
  return Uint8Array.from(block, (value) => {
    const level = Math.fround(Math.fround(value * inverse) + half + 0.5);
    return Math.min(2 * half - 1, Math.trunc(level));
  });
}

function encodeBlocks(
  values: Float32Array,
  bytes: number,
  encode: (block: Float32Array, out: DataView) => void,
): Uint8Array {
  const count = values.length / blockElements;
  const all = new Uint8Array(count * bytes);
  for (let index = 0; index < count; index += 1)
    encode(
      values.subarray(index * blockElements, (index + 1) * blockElements),
      new DataView(all.buffer, index * bytes, bytes),
    );
  return all;
}
