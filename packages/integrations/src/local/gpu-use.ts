/** What an engine says of the GPU once its model is loaded. */
export interface EngineGpu {
  /** Layers that the library has given to the GPU. */
  readonly layers: number;
  /** By how much the memory in use of the GPU grew meanwhile, as the library was told; undefined when it was not. */
  readonly grownBytes?: number | undefined;
}

/**
 * What a model is seen to take of the GPU. `used`: memory in use grew with its load. `claimed_not_seen`: the engine says that
 * layers are there, and the driver sees no memory taken for them. `not_measured`: nobody tells of the GPU's memory.
 */
export interface GpuUse {
  readonly state: "used" | "claimed_not_seen" | "not_measured";
  readonly layers: number;
  /** Absent when it was not measured. */
  readonly bytes?: number;
}

/** Less than that is no layer: drivers count whole mebibytes, and others' windows come and go. */
const leastBytes = 4 * 1024 * 1024;

/**
 * Judges what an engine says by what the driver saw. The driver's own figure counts before the library's.
 * @param driverBytes memory in use of all GPUs before the load and after it; undefined where no driver tells
 * @returns undefined for a model that has no layer on a GPU
 */
export function judgeGpuUse(
  { layers, grownBytes }: EngineGpu,
  driverBytes: { readonly before: number | undefined; readonly after: number | undefined },
): GpuUse | undefined {
  if (layers === 0) return undefined;
  const { before, after } = driverBytes;
  const grown = before === undefined || after === undefined ? grownBytes : after - before;
  if (grown === undefined) return { state: "not_measured", layers };
  const bytes = Math.max(0, grown);
  return { state: bytes < leastBytes ? "claimed_not_seen" : "used", layers, bytes };
}

/** One sentence on a use that is not what it should be. */
export function noticeOfGpuUse({ state, layers }: GpuUse): string | undefined {
  return state === "claimed_not_seen"
    ? `The engine says that ${layers} layers are on the GPU, but its driver sees no memory taken for them: it may run on the processor. Check that the engine's library fits the GPU (nvidia-smi shows its processes), or set 'gpu' to 'off'.`
    : undefined;
}
