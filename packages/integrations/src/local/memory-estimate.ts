import { contextTokensOf, isEmbeddingModel, type ModelFile } from "./model-file.ts";

/** What a loaded model takes, estimated before it is loaded. */
export interface MemoryEstimate {
  readonly weightsBytes: number;
  readonly cacheBytes: number;
  readonly overheadBytes: number;
  readonly totalBytes: number;
}

/** Bytes of one number in the cache (16-bit floats). */
const cacheNumberBytes = 2;
/** The engine's process with its runtime and library, beside the model: measured as 166 to 181 MB under load. */
const processBytes = 176 * 1024 * 1024;
/** Working memory of one evaluation, in numbers of 4 bytes per token of a batch and width of the model. */
const batchTokens = 512;
const workNumbersPerWidth = 16;

/** Weights, key-value cache and working memory of a model with these settings. */
export function estimateMemory(
  file: ModelFile,
  options: { readonly contextTokens: number; readonly parallel: number },
): MemoryEstimate {
  const { blockCount = 0, embeddingLength = 0, headCount = 1, headCountKv = headCount } = file.head;
  const width = (embeddingLength / Math.max(1, headCount)) * headCountKv;
  const sequences = isEmbeddingModel(file) ? 1 : options.parallel;
  const tokens = contextTokensOf(file, options.contextTokens) * sequences;
  const cacheBytes = Math.ceil(2 * blockCount * tokens * width * cacheNumberBytes);
  const overheadBytes = processBytes + batchTokens * embeddingLength * workNumbersPerWidth * 4;
  return {
    weightsBytes: file.sizeBytes,
    cacheBytes,
    overheadBytes,
    totalBytes: file.sizeBytes + cacheBytes + overheadBytes,
  };
}

/** One line for a person. */
export function formatEstimate(estimate: MemoryEstimate): string {
  const { totalBytes, weightsBytes, cacheBytes, overheadBytes } = estimate;
  return `${megabytes(totalBytes)} = ${megabytes(weightsBytes)} weights + ${megabytes(cacheBytes)} cache + ${megabytes(overheadBytes)} process`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
