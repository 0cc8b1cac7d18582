/** One tensor of a model's weights, wherever it lies. */
export interface WeightTensor {
  readonly name: string;
  /** As safetensors spells it: F32, F16, BF16, … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Elements in row-major order, as bytes of the type, little-endian. Throws FormatProblem. */
  read(from: number, count: number): Uint8Array;
}

/** The weights of a model, by name. */
export interface Weights {
  readonly tensors: ReadonlyMap<string, WeightTensor>;
  close(): void;
}

export function elementsOf(tensor: Pick<WeightTensor, "shape">): number {
  return tensor.shape.reduce((product, count) => product * count, 1);
}

/** A tensor of numbers that were computed. */
export function toWeightTensor(name: string, values: readonly number[]): WeightTensor {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  return {
    name,
    dtype: "F32",
    shape: [values.length],
    read: (from, count) => bytes.subarray(from * 4, (from + count) * 4),
  };
}
