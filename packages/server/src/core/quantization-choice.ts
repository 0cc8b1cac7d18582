/** One way in which a model's weights are to be had. */
export interface Choice {
  /** As in `Q4_K_M`. */
  readonly name: string;
  readonly sizeBytes: number;
}

/** Beside its weights a model needs room for its context and its process. */
const roomRatio = 1.1;
const roomBytes = 512 * 1024 * 1024;
/** Weights that were not rounded: twice the size for no better answers. */
const unrounded = /^(?:BF16|F16|FP16|F32)$/;

/** Memory that a model of these weights needs, roughly. */
export function memoryFor(sizeBytes: number): number {
  return Math.ceil(sizeBytes * roomRatio) + roomBytes;
}

/** The best that fits into the memory: the largest that is rounded, else the smallest of the others. Undefined when none fits. */
export function chooseQuantization<Known extends Choice>(
  choices: readonly Known[],
  memoryBytes: number,
): Known | undefined {
  const fitting = choices
    .filter(({ sizeBytes }) => memoryFor(sizeBytes) <= memoryBytes)
    .toSorted((a, b) => a.sizeBytes - b.sizeBytes);
  return fitting.findLast(({ name }) => !unrounded.test(name)) ?? fitting[0];
}
