import type { Llama, LlamaModel } from "node-llama-cpp";
import type { EngineGpu } from "../gpu-use.ts";

interface GpuParts {
  readonly llama: Llama;
  readonly model: LlamaModel;
  /** Memory in use of the GPU before the model was loaded. */
  readonly gpuBytesBefore: number | undefined;
}

/** Memory in use of the GPU as its library is told; undefined where none is used, or it is not told. */
export async function readGpuBytes(llama: Llama): Promise<number | undefined> {
  if (llama.gpu === false) return undefined;
  try {
    return (await llama.getVramState()).used;
  } catch {
    // A library that cannot tell is no reason not to run the model.
    return undefined;
  }
}

/** What a loaded model has on the GPU; undefined where none is used. */
export async function readEngineGpu({
  llama,
  model,
  gpuBytesBefore,
}: GpuParts): Promise<EngineGpu | undefined> {
  if (llama.gpu === false) return undefined;
  const bytes = await readGpuBytes(llama);
  const grownBytes = bytes === undefined || gpuBytesBefore === undefined ? undefined : bytes - gpuBytesBefore;
  return { layers: model.gpuLayers, grownBytes };
}
