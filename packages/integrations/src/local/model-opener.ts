import { threadsFor } from "./available-resources.ts";
import { startEngine } from "./engine-process.ts";
import { estimateMemory, formatEstimate } from "./memory-estimate.ts";
import { contextTokensOf, isEmbeddingModel, type ModelFile } from "./model-file.ts";
import type { LoadableModel } from "./model-scheduler.ts";
import type { LocalSettings } from "./settings.ts";
import type { SocketFolder } from "./socket-path.ts";

/** Most calls that may wait inside an engine for a sequence: only calls with several choices wait there. */
const engineQueueLength = 256;

/** Makes files ready for the scheduler. */
export interface ModelOpener {
  prepare(file: ModelFile): LoadableModel;
}

interface OpenerParts {
  readonly settings: LocalSettings;
  readonly sockets: SocketFolder;
  readonly cores: number;
}

export function createModelOpener(parts: OpenerParts): ModelOpener {
  const { settings, sockets, cores } = parts;
  return {
    prepare(file) {
      const estimate = estimateMemory(file, {
        contextTokens: settings.context_tokens,
        parallel: settings.parallel,
      });
      return {
        id: file.id,
        bytes: estimate.totalBytes,
        estimate: formatEstimate(estimate),
        open: (listener) =>
          startEngine(
            {
              modelId: file.id,
              modelPath: file.path,
              socketPath: sockets.newPath(),
              contextTokens: contextTokensOf(file, settings.context_tokens),
              parallel: settings.parallel,
              threads: threadsFor(file.sizeBytes, cores, settings.threads),
              gpu: settings.gpu,
              isGenerative: !isEmbeddingModel(file),
              queueLength: engineQueueLength,
            },
            listener,
          ),
      };
    },
  };
}
