import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { type Log, type ModelVerdict, PlatformError } from "@llm-platform/kit";
import { modelFileName } from "../core/model-file-name.ts";
import type { Pull, PulledFile, PullRequest } from "../core/pull.ts";
import { expectRoom } from "./disk-room.ts";
import { downloadFile, type DownloadParts } from "./download-file.ts";
import type { FileSource } from "./file-source.ts";
import { createKeyedTurns } from "./keyed-turns.ts";
import type { ModelStore } from "./model-store.ts";
import { removePart } from "./part-file.ts";
import type { PullRunner, PullTransfer } from "./pull-runner.ts";

/** What a source says of what is to be pulled. */
export interface FoundFiles {
  readonly files: readonly FileSource[];
  readonly revision?: string | undefined;
  readonly license?: string | undefined;
}

export interface FilePullParts extends DownloadParts {
  readonly store: ModelStore;
  readonly log: Log;
  /** Finds the files at their source. Rejects with PlatformError. */
  find(request: PullRequest, pinned: string | undefined, signal: AbortSignal): Promise<FoundFiles>;
  /** Whether a name may be given other contents: it came from the same place. */
  mayReplace(fileName: string, request: PullRequest): Promise<boolean>;
  /** What a file is by its bytes; undefined while nothing here can say. */
  inspect(path: string, signal: AbortSignal): Promise<ModelVerdict | undefined>;
  /** Has the files that are named now offered. Resolves with whether the model is. */
  register(model: string): Promise<boolean>;
  load(model: string, signal: AbortSignal): Promise<void>;
  /** Integration that runs the files. */
  readonly integration: string;
  onFetched(bytes: number): void;
}

const magicBytes = 4;
const notOffered =
  "The file is here, but no integration offers it: `local` does not run, or cannot read the file.";

interface Bringing {
  readonly pull: Pull;
  readonly transfer: PullTransfer;
  /** Grows with what did not go as it should. */
  readonly notices: string[];
}

/** Brings files to the folder of the models: fetched, checked, and only then named. */
export function createFilePull(parts: FilePullParts): PullRunner {
  const { store } = parts;
  /** Two pulls that need the same file fetch it once, one after the other. */
  const turns = createKeyedTurns();
  const find = async (request: PullRequest, pinned: string | undefined, signal: AbortSignal) =>
    withExpectedDigest(await parts.find(request, pinned, signal), request);

  async function bring(source: FileSource, { pull, transfer, notices }: Bringing): Promise<PulledFile> {
    const { name, sha256: known } = source;
    if (known !== undefined && (await store.has(known, source.sizeBytes)))
      return toPulledFile(source, source.sizeBytes);
    const stem = store.partOf(identityOf(pull, source));
    const { path, sha256, sizeBytes } = await downloadFile(parts, {
      source,
      stem,
      signal: transfer.signal,
      async findAgain() {
        const { files } = await find(pull.request, pull.revision, transfer.signal);
        return files.find((file) => file.name === name) ?? source;
      },
      onProgress: (bytes, totalBytes) => transfer.progress(name, bytes, totalBytes),
      onFetched: parts.onFetched,
      onNotice(notice) {
        parts.log.warn("pull.notice", { pull: pull.id, file: name, notice });
        notices.push(notice);
        transfer.update({ detail: notice });
      },
      onRetry({ code, message }) {
        parts.log.info("pull.retry", { pull: pull.id, file: name, code, message });
        transfer.update({ detail: `${message} It is asked again.` });
      },
      onFetchedAll: () => transfer.update({ phase: "verifying" }),
    });
    notices.push(...(await judge(path, { stem, transfer })));
    await store.adopt(path, sha256);
    await removePart(stem);
    return { name, completedBytes: sizeBytes, totalBytes: sizeBytes, sha256 };
  }

  /** What is to be said of a file that is taken. Throws PlatformError `upstream_malformed` for one that is not, and deletes it. */
  async function judge(
    path: string,
    { stem, transfer }: { readonly stem: string; readonly transfer: PullTransfer },
  ): Promise<readonly string[]> {
    const verdict = (await beginsAsModel(path))
      ? await parts.inspect(path, transfer.signal)
      : ({ verdict: "refused", format: "other", reasons: ["It is no GGUF file."] } as const);
    if (verdict === undefined || verdict.verdict === "weights_only") return [];
    const [reason = ""] = verdict.reasons;
    if (verdict.verdict === "suspicious") return [`Look at it before you use it: ${reason}`];
    await removePart(stem);
    throw new PlatformError(
      "upstream_malformed",
      `What was fetched is no model to run, and was deleted: ${reason}`,
    );
  }

  /** Fetches one file after the other, and gives them as they are now. */
  async function bringAll(
    sources: readonly FileSource[],
    bringing: Bringing,
  ): Promise<readonly PulledFile[]> {
    const { pull, transfer } = bringing;
    let files = sources.map((source) => toPulledFile(source, 0));
    transfer.update({ files });
    for (const [index, source] of sources.entries()) {
      transfer.update({ phase: "downloading" });
      const work = () => bring(source, bringing);
      files = files.with(index, await turns.take(identityOf(pull, source), transfer.signal, work));
      transfer.update({ files });
    }
    return files;
  }

  return {
    async check(request, signal) {
      const { files } = await find(request, undefined, signal);
      for (const { name } of files) modelFileName(name, request.name);
      await expectRoom(store.partOf("any"), sizeOf(files), parts.reserveBytes);
    },
    async run(started, transfer) {
      const { request } = started;
      const { files: sources, revision, license } = await find(request, started.revision, transfer.signal);
      const fileNames = sources.map(({ name }) => modelFileName(name, request.name));
      const [first] = fileNames;
      if (first === undefined) throw new PlatformError("not_found", "There is no file to pull.");
      transfer.update({ revision, license });
      const notices: string[] = [];
      const files = await bringAll(sources, { pull: { ...started, revision }, transfer, notices });
      transfer.update({ phase: "registering" });
      for (const [index, fileName] of fileNames.entries())
        await store.name(fileName, files[index]?.sha256 ?? "", await parts.mayReplace(fileName, request));
      const model = first.replace(/\.gguf$/, "");
      const isOffered = await parts.register(model);
      if (isOffered && request.load) {
        transfer.update({ phase: "warming_up" });
        await parts.load(model, transfer.signal);
      }
      const detail = isOffered ? notices.at(-1) : notOffered;
      transfer.update({ models: isOffered ? [`${parts.integration}/${model}`] : [], detail });
    },
    async discard(pull) {
      for (const file of pull.files) {
        const identity = identityOf(pull, file);
        if (!turns.isTaken(identity)) await removePart(store.partOf(identity));
      }
    },
  };
}

/** Under which name a part of it is kept: by its contents where these are known before. */
function identityOf(
  { request, revision }: Pick<Pull, "request" | "revision">,
  { name, sha256 }: Pick<FileSource, "name" | "sha256">,
): string {
  if (sha256 !== undefined) return `sha256-${sha256}`;
  const { kind, source } = request;
  return createHash("sha256")
    .update(JSON.stringify([kind, source, revision, name]))
    .digest("hex");
}

/** Throws PlatformError `invalid_request` when the source says another digest than the request. */
function withExpectedDigest(found: FoundFiles, { sha256 }: PullRequest): FoundFiles {
  if (sha256 === undefined) return found;
  const [only, ...others] = found.files;
  if (only === undefined || others.length > 0 || (only.sha256 !== undefined && only.sha256 !== sha256))
    throw new PlatformError("invalid_request", "The file at the source is not the one of this `sha256`.", {
      field: "sha256",
    });
  return { ...found, files: [{ ...only, sha256 }] };
}

function toPulledFile({ name, sizeBytes, sha256 }: FileSource, completedBytes: number): PulledFile {
  return { name, completedBytes, totalBytes: sizeBytes, sha256 };
}

function sizeOf(files: readonly FileSource[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Whether the first bytes are those of a GGUF file, whatever it is called. */
async function beginsAsModel(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { buffer } = await file.read(Buffer.alloc(magicBytes), 0, magicBytes, 0);
    return buffer.toString("latin1") === "GGUF";
  } finally {
    await file.close();
  }
}
