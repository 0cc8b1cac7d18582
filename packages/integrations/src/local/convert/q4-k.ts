/** Numbers of a block, and of the parts of it that have a scale and a minimum of their own. */
const blockElements = 256;
const partElements = 32;
const parts = blockElements / partElements;
const blockBytes = 144;
const topLevel = 15;
/** Scales and minima are 6-bit multiples of those of the whole block. */
const topMultiple = 63;
/** How many scales are tried for each part. */
const tries = 20;

interface Fit {
  readonly scale: number;
  /** What is taken from every number, at least 0. */
  readonly minimum: number;
}

/**
 * Blocks of 256 numbers in eight parts: two 16-bit floats, twelve bytes of scales and minima, and 4 bits for each number.
 * As `quantize_row_q4_K_ref` of ggml does it, which looks for the scale that loses least of the larger numbers.
 */
export function encodeQ4K(values: Float32Array): Uint8Array {
  const count = values.length / blockElements;
  const all = new Uint8Array(count * blockBytes);
  for (let index = 0; index < count; index += 1)
    encodeBlock(
      values.subarray(index * blockElements, (index + 1) * blockElements),
      new DataView(all.buffer, index * blockBytes, blockBytes),
    );
  return all;
}

function encodeBlock(block: Float32Array, out: DataView): void {
  const slices = Array.from({ length: parts }, (_, part) =>
    block.subarray(part * partElements, (part + 1) * partElements),
  );
  const fits = slices.map(fit);
  const topScale = Math.max(...fits.map(({ scale }) => scale));
  const topMinimum = Math.max(...fits.map(({ minimum }) => minimum));
  out.setFloat16(0, topScale / topMultiple, true);
  out.setFloat16(2, topMinimum / topMultiple, true);
  const multiples = fits.map(({ scale, minimum }) => ({
    scale: toMultiple(scale, topScale),
    minimum: toMultiple(minimum, topMinimum),
  }));
  packMultiples(multiples, out);
  const levels = slices.map((slice, part) => {
    const { scale = 0, minimum = 0 } = multiples[part] ?? {};
    const step = out.getFloat16(0, true) * scale;
    const least = out.getFloat16(2, true) * minimum;
    return Uint8Array.from(slice, (value) => (step === 0 ? 0 : toLevel((value + least) / step)));
  });
  for (let pair = 0; pair < parts; pair += 2)
    for (let index = 0; index < partElements; index += 1)
      out.setUint8(
        16 + (pair / 2) * partElements + index,
        (levels[pair]?.[index] ?? 0) | ((levels[pair + 1]?.[index] ?? 0) << 4),
      );
}

function toMultiple(value: number, top: number): number {
  return top > 0 ? Math.min(topMultiple, roundToEven((value / top) * topMultiple)) : 0;
}

/** Eight pairs of 6 bits in twelve bytes: the upper bits of the last four are kept above those of the first four. */
function packMultiples(multiples: readonly Fit[], out: DataView): void {
  for (const [part, { scale, minimum }] of multiples.entries()) {
    if (part < 4) {
      out.setUint8(4 + part, scale);
      out.setUint8(8 + part, minimum);
      continue;
    }
    out.setUint8(8 + part, (scale & 15) | ((minimum & 15) << 4));
    out.setUint8(part, out.getUint8(part) | ((scale >>> 4) << 6));
    out.setUint8(4 + part, out.getUint8(4 + part) | ((minimum >>> 4) << 6));
  }
}

/** The scale and the minimum of a part that lose least; large numbers count more. */
function fit(values: Float32Array): Fit {
  const meanSize = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  const weights = values.map((value) => meanSize + Math.abs(value));
  const least = Math.min(0, ...values);
  const most = Math.max(...values);
  if (most === least) return { scale: 0, minimum: -least };
  const sums = { weights: 0, values: 0 };
  for (const [index, value] of values.entries()) {
    const weight = weights[index] ?? 0;
    sums.weights += weight;
    sums.values += weight * value;
  }
  let best = { scale: (most - least) / topLevel, minimum: -least };
  let bestLoss = lossOf(values, weights, { levels: toLevels(values, least, 1 / best.scale), ...best });
  for (let step = 0; step <= tries; step += 1) {
    const levels = toLevels(values, least, (topLevel - 1 + step / 10) / (most - least));
    const tried = solve(values, weights, { levels, sums });
    if (tried === undefined) continue;
    const loss = lossOf(values, weights, { levels, ...tried });
    if (loss >= bestLoss) continue;
    best = tried;
    bestLoss = loss;
  }
  return best;
}

/** The best scale and minimum for given levels: weighted least squares of a line, which may not lie above zero. */
function solve(
  values: Float32Array,
  weights: Float32Array,
  { levels, sums }: { readonly levels: Uint8Array; readonly sums: { weights: number; values: number } },
): Fit | undefined {
  let sumLevels = 0;
  let sumSquares = 0;
  let sumProducts = 0;
  for (const [index, level] of levels.entries()) {
    const weight = weights[index] ?? 0;
    sumLevels += weight * level;
    sumSquares += weight * level * level;
    sumProducts += weight * level * (values[index] ?? 0);
  }
  const determinant = sums.weights * sumSquares - sumLevels * sumLevels;
  if (determinant <= 0) return undefined;
  const offset = (sumSquares * sums.values - sumLevels * sumProducts) / determinant;
  if (offset > 0) return { scale: sumProducts / sumSquares, minimum: 0 };
  return { scale: (sums.weights * sumProducts - sums.values * sumLevels) / determinant, minimum: -offset };
}

function lossOf(
  values: Float32Array,
  weights: Float32Array,
  { levels, scale, minimum }: Fit & { readonly levels: Uint8Array },
): number {
  let loss = 0;
  for (const [index, level] of levels.entries())
    loss += (weights[index] ?? 0) * (scale * level - minimum - (values[index] ?? 0)) ** 2;
  return loss;
}

function toLevels(values: Float32Array, least: number, perStep: number): Uint8Array {
  return Uint8Array.from(values, (value) => toLevel(perStep * (value - least)));
}

function toLevel(value: number): number {
  return Math.max(0, Math.min(topLevel, roundToEven(value)));
}

function roundToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
