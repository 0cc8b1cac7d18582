import type { ModelFiles, ModelHub, ModelPlatform } from "@llm-platform/kit";
import type { PlatformConfig } from "./config/schema.ts";
import { type PullKind, pullKey, type PullRequest } from "./core/pull.ts";
import type { ModelDirectory } from "./gateway/model-directory.ts";
import { createGuardedDoor } from "./guarded-door.ts";
import { findHubFiles } from "./hub-files.ts";
import { modelMemory } from "./model-memory.ts";
import { createFilePull, type FilePullParts, type FoundFiles } from "./pulls/file-pull.ts";
import { createHashThread } from "./pulls/file-hasher.ts";
import { findLocalFile } from "./pulls/local-source.ts";
import type { ModelStore } from "./pulls/model-store.ts";
import type { PullRunner } from "./pulls/pull-runner.ts";
import type { TransferThread } from "./pulls/transfer-thread.ts";
import { findUrl } from "./pulls/url-source.ts";
import type { Store } from "./store/store.ts";
import type { PlatformLog } from "./telemetry/log.ts";
import type { PlatformMetrics } from "./telemetry/platform-metrics.ts";

export interface FileRunnerParts {
  readonly settings: PlatformConfig["pulls"];
  readonly directory: ModelDirectory;
  readonly models: ModelStore;
  readonly transfers: TransferThread;
  readonly store: Pick<Store, "pulls">;
  readonly metrics: PlatformMetrics;
  readonly log: PlatformLog;
  platform(integration: string): ModelPlatform;
  hub(integration: string): ModelHub;
  /** What knows files of models by their bytes; undefined while it does not run. */
  modelFiles(): ModelFiles | undefined;
}

type FileKind = Exclude<PullKind, "ollama">;

export interface FileRunners {
  readonly runners: Readonly<Record<FileKind, PullRunner>>;
  stop(): Promise<void>;
}

/** The integration that runs the files that are pulled. */
export const localRuntime = "local";
const lookedAtPulls = 1_000;

/** The kinds of pulls whose files come to this server's own disk. */
export function createFileRunners(parts: FileRunnerParts): FileRunners {
  const { settings } = parts;
  const hashes = createHashThread({ transfers: parts.transfers, log: parts.log });
  const door = createGuardedDoor(settings.url_network, parts.transfers);
  const one = async (found: Promise<FoundFiles["files"][number]>): Promise<FoundFiles> => ({
    files: [await found],
  });
  const finders: Readonly<Record<FileKind, FilePullParts["find"]>> = {
    huggingface: (request, pinned, signal) =>
      findHubFiles(
        { hub: parts.hub(request.integration), memoryBytes: modelMemory() },
        { request, pinned },
        signal,
      ),
    url: ({ source }, _pinned, signal) => one(findUrl(source, door, signal)),
    file: ({ source }) =>
      one(findLocalFile(source, { folders: settings.file_directories, read: parts.transfers.read })),
  };
  const runner = (kind: FileKind): PullRunner =>
    createFilePull({
      store: parts.models,
      log: parts.log,
      connections: settings.connections,
      reserveBytes: settings.reserve_bytes,
      hashes,
      integration: localRuntime,
      find: finders[kind],
      mayReplace: (fileName, request) => wasPulled(parts, fileName, request),
      inspect: async (path, signal) => parts.modelFiles()?.inspect(path, signal),
      async register(model) {
        await parts.directory.refresh(localRuntime);
        return parts.directory.snapshot.models.some(
          ({ integration, id }) => integration === localRuntime && id === model,
        );
      },
      load: async (model, signal) => parts.platform(localRuntime).load?.(model, signal),
      onFetched: (bytes) => parts.metrics.pulledBytes.series(kind).add(bytes),
    });
  return {
    runners: { huggingface: runner("huggingface"), url: runner("url"), file: runner("file") },
    async stop() {
      door.stop();
      await hashes.stop();
    },
  };
}

/** Whether the same place gave the name what it points to: then it is a newer version of it. */
async function wasPulled(
  { store }: FileRunnerParts,
  fileName: string,
  request: PullRequest,
): Promise<boolean> {
  const model = `${localRuntime}/${fileName.replace(/\.gguf$/, "")}`;
  const kept = await store.pulls.list(lookedAtPulls);
  const unpinned = (each: PullRequest): string => pullKey({ ...each, revision: undefined });
  return kept.some(
    (pull) =>
      pull.replica === store.pulls.replica &&
      pull.phase === "done" &&
      pull.models.includes(model) &&
      unpinned(pull.request) === unpinned(request),
  );
}
