import {
  type HubFile,
  type HubQuantization,
  type HubRepository,
  type ModelHub,
  PlatformError,
} from "@llm-platform/kit";
import { expectPlainPath } from "./core/model-file-name.ts";
import type { PullRequest } from "./core/pull.ts";
import { chooseQuantization, memoryFor } from "./core/quantization-choice.ts";
import type { FoundFiles } from "./pulls/file-pull.ts";
import { type FileSource, otherVersion } from "./pulls/file-source.ts";

export interface HubFileParts {
  readonly hub: ModelHub;
  /** What a model may take. */
  readonly memoryBytes: number;
}

/**
 * The files of a repository that are to be pulled: one that is named, one quantisation, or the best that fits.
 * @param pinned the commit that was found before, for a pull that goes on
 */
export async function findHubFiles(
  { hub, memoryBytes }: HubFileParts,
  { request, pinned }: { readonly request: PullRequest; readonly pinned: string | undefined },
  signal: AbortSignal,
): Promise<FoundFiles> {
  if (request.file !== undefined) expectPlainPath(request.file);
  const repository = await hub.repository(request.source, pinned ?? request.revision, signal);
  const files = chooseFiles(repository, request, memoryBytes);
  return {
    files: files.map((file) => toSource(hub, repository, file)),
    revision: repository.commit,
    license: repository.license,
  };
}

function chooseFiles(
  repository: HubRepository,
  request: PullRequest,
  memoryBytes: number,
): readonly HubFile[] {
  const { files, quantizations, id } = repository;
  if (request.file !== undefined) {
    const whole = quantizations.find((each) => each.files.some(({ path }) => path === request.file));
    const single = files.find(({ path }) => path === request.file);
    if (whole !== undefined) return whole.files;
    if (single !== undefined) return [single];
    throw new PlatformError("not_found", `${id} has no file of this path at this revision.`, {
      field: "file",
    });
  }
  if (quantizations.length === 0)
    throw new PlatformError(
      "invalid_request",
      `${id} has no GGUF files, which are what models are run from here. Search for a conversion of it with the library gguf.`,
      { field: "source" },
    );
  if (request.quantization !== undefined) {
    const wanted = request.quantization.toUpperCase();
    const found = quantizations.find(({ name }) => name === wanted);
    if (found !== undefined) return found.files;
    throw new PlatformError("not_found", `${id} has no ${wanted}. It has ${namesOf(quantizations)}.`, {
      field: "quantization",
    });
  }
  const best = chooseQuantization(quantizations, memoryBytes);
  if (best !== undefined) return best.files;
  const smallest = memoryFor(quantizations[0]?.sizeBytes ?? 0);
  throw new PlatformError(
    "invalid_request",
    `No file of ${id} fits into the memory: the smallest needs about ${Math.ceil(smallest / 1e9)} GB. Name a \`quantization\` to pull one all the same: ${namesOf(quantizations)}.`,
    { field: "quantization" },
  );
}

function namesOf(quantizations: readonly HubQuantization[]): string {
  return quantizations.map(({ name }) => name).join(", ");
}

function toSource(
  hub: ModelHub,
  { id, commit }: HubRepository,
  { path, sizeBytes, sha256 }: HubFile,
): FileSource {
  let version: string | undefined;
  return {
    name: path,
    sizeBytes,
    sha256,
    version: sha256 ?? commit,
    async open({ from, until }, signal) {
      const part = await hub.open({ repository: id, commit, path, from, until }, signal);
      const isContents = part.status === 200 || part.status === 206;
      const etag = isContents ? part.headers.get("etag") : version;
      version ??= etag;
      if (etag === version) return part;
      part.body.drop();
      return otherVersion();
    },
  };
}
