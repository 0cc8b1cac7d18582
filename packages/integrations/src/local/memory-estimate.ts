import { contextTokensOf, isEmbeddingModel, type ModelFile } from "./model-file.ts";

/** What a loaded model takes, estimated before it is loaded. */
export interface MemoryEstimate {
  readonly weightsBytes: number;
  readonly cacheBytes: number;
  /** Of the machine's memory. */
  readonly memoryBytes: number;
  /** Of the memory of its GPUs. */
  readonly gpuBytes: number;
  /** Layers that are on a GPU, the last one (the output) with them. */
  readonly gpuLayers: number;
}

export interface EstimateOptions {
  readonly contextTokens: number;
  readonly parallel: number;
  readonly batchTokens: number | undefined;
  readonly adapterBytes: number;
  /** Memory of GPUs that a model may take; 0 where none is used. */
  readonly gpuRoomBytes: number;
  /** Undefined: as many as there is room for. */
  readonly gpuLayers: number | undefined;
}

/** Bytes of one number in the cache (16-bit floats). */
const cacheNumberBytes = 2;
/** The engine's process with its runtime and library, beside the model: measured as 166 to 181 MB under load. */
const processBytes = 176 * 1024 * 1024;
/** What the library of a GPU takes of its memory for itself: not measured here; what CUDA's documents call usual. */
const gpuProcessBytes = 512 * 1024 * 1024;
/** Working memory of one evaluation, in numbers of 4 bytes per token of a batch and width of the model. */
const usualBatchTokens = 512;
const workNumbersPerWidth = 16;

/** Weights, key-value cache and working memory of a model with these settings, in both kinds of memory. */
export function estimateMemory(file: ModelFile, options: EstimateOptions): MemoryEstimate {
  const { blockCount = 0, embeddingLength = 0, headCount = 1, headCountKv = headCount } = file.head;
  const usualLength = embeddingLength / Math.max(1, headCount);
  const { keyLength = usualLength, valueLength = usualLength } = file.head;
  const sequences = isEmbeddingModel(file) ? 1 : options.parallel;
  const tokens = contextTokensOf(file, options.contextTokens) * sequences;
  const weightsBytes = file.sizeBytes + options.adapterBytes;
  const cacheBytes = Math.ceil(
    blockCount * tokens * headCountKv * (keyLength + valueLength) * cacheNumberBytes,
  );
  const workBytes = (options.batchTokens ?? usualBatchTokens) * embeddingLength * workNumbersPerWidth * 4;
  const layers = blockCount + 1;
  const perLayerBytes = (weightsBytes + cacheBytes) / layers;
  const gpuBaseBytes = gpuProcessBytes + workBytes;
  const fitting = Math.max(0, Math.floor((options.gpuRoomBytes - gpuBaseBytes) / perLayerBytes));
  const gpuLayers = options.gpuRoomBytes === 0 ? 0 : Math.min(layers, options.gpuLayers ?? fitting);
  const movedBytes = Math.ceil(perLayerBytes * gpuLayers);
  return {
    weightsBytes,
    cacheBytes,
    memoryBytes: weightsBytes + cacheBytes - movedBytes + processBytes + workBytes,
    gpuBytes: gpuLayers === 0 ? 0 : movedBytes + gpuBaseBytes,
    gpuLayers,
  };
}

/** One line for a person. */
export function formatEstimate(estimate: MemoryEstimate): string {
  const { memoryBytes, gpuBytes, gpuLayers, weightsBytes, cacheBytes } = estimate;
  const totalBytes = memoryBytes + gpuBytes;
  const total = megabytes(totalBytes);
  const overheadBytes = totalBytes - weightsBytes - cacheBytes;
  const onGpu = gpuBytes === 0 ? "" : `, of it ${megabytes(gpuBytes)} on the GPU for ${gpuLayers} layers`;
  return `${total} = ${megabytes(weightsBytes)} weights + ${megabytes(cacheBytes)} cache + ${megabytes(overheadBytes)} process${onGpu}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
