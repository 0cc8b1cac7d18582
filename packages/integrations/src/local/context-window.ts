import { estimateMemory } from "./memory-estimate.ts";
import { contextTokensOf, type ModelFile } from "./model-file.ts";
import type { LocalSettings } from "./settings.ts";

/** What windows are chosen by, beside the model. */
export interface WindowParts {
  readonly settings: Pick<LocalSettings, "context_tokens" | "parallel" | "gpu">;
  /** Memory that all models may take together now, and on this machine when nothing else takes any. */
  readonly room: { readonly nowBytes: number; readonly usualBytes: number };
  /** Memory of GPUs that models may take; 0 where none is used. */
  readonly gpuRoomBytes: number;
}

const usualTokens = 4_096;
/** Holds a question with the tools that chat programs describe by themselves, some 6,000 tokens, and its answer. */
const largerTokens = 8_192;
/** A cache as large as this is given without a thought. */
const smallCacheBytes = 1024 ** 3;

/** Tokens of prompt and answer together that each call of a model gets. */
export function windowOf(
  file: ModelFile,
  own: { readonly context_tokens?: number | undefined; readonly gpu_layers?: number | undefined },
  parts: WindowParts,
): number {
  const wanted = own.context_tokens ?? parts.settings.context_tokens;
  return contextTokensOf(
    file,
    wanted ?? (isLargerCheap(file, own.gpu_layers, parts) ? largerTokens : usualTokens),
  );
}

/** Whether the larger window keeps another model beside this one possible, and pushes no layer off a GPU. */
function isLargerCheap(
  file: ModelFile,
  gpuLayers: number | undefined,
  { settings, room, gpuRoomBytes }: WindowParts,
): boolean {
  const estimate = (contextTokens: number) =>
    estimateMemory(file, {
      contextTokens,
      parallel: settings.parallel,
      batchTokens: undefined,
      adapterBytes: 0,
      gpuRoomBytes: settings.gpu === "auto" ? gpuRoomBytes : 0,
      gpuLayers,
    });
  const larger = estimate(largerTokens);
  return (
    larger.cacheBytes <= Math.max(larger.weightsBytes, smallCacheBytes) &&
    larger.memoryBytes <= Math.min(room.nowBytes, room.usualBytes / 2) &&
    larger.gpuLayers === estimate(usualTokens).gpuLayers
  );
}
