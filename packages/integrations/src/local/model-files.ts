import { createReadStream, createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  type BroughtModel,
  type Log,
  type ModelConversion,
  type ModelFiles,
  type PathVerdict,
  PlatformError,
  type PullOptions,
} from "@llm-platform/kit";
import { locatePath } from "./model-paths.ts";
import { runModelTool, type ToolEnd } from "./model-tool-process.ts";
import { makeModelFile, type NewModelFile, requireRoom, sizeOf } from "./new-model-file.ts";
import type { LocalSettings } from "./settings.ts";

const inspectTimeoutMs = 30_000;
/** For the largest models on slow disks; a reader that hangs is found by then. */
const convertTimeoutMs = 6 * 60 * 60 * 1_000;
const maxReasonsShown = 3;

interface ModelFilesParts {
  readonly settings: Pick<LocalSettings, "model_directories" | "import_directories" | "storage_directory">;
  readonly log: Log;
  /** Called when there is a model more. */
  onBrought(): Promise<void>;
}

/** Looks at model files, and brings them into the folder of models. */
export function createModelFiles({ settings, log, onBrought }: ModelFilesParts): ModelFiles {
  const being = new Set<string>();
  const inspect = async (path: string, signal: AbortSignal): Promise<PathVerdict> => {
    const end = await runModelTool({ type: "inspect", path }, { signal, timeoutMs: inspectTimeoutMs });
    if (end.type === "verdict") return end.verdict;
    logDeath(log, end);
    return { verdict: "refused", format: "unknown", reasons: [describeEnd(end)], files: [] };
  };
  const bring = async (
    name: string,
    write: (file: NewModelFile) => Promise<readonly string[]>,
    signal: AbortSignal,
  ): Promise<BroughtModel> => {
    const model = await makeModelFile({ folder: folderOf(settings), name, being }, async (file) => {
      const warnings = await write(file);
      // What was written is looked at as anything from elsewhere is.
      const { verdict, format, reasons } = requireUsable(await inspect(file.partialPath, signal));
      const bytes = await sizeOf(file.partialPath);
      return { id: file.id, path: file.path, bytes, verdict: { verdict, format, reasons }, warnings };
    });
    await onBrought();
    return model;
  };
  return {
    locate: async (path) =>
      await locatePath(path, [...settings.model_directories, ...settings.import_directories]),
    inspect,
    async convert(conversion, options) {
      requireUsable(await inspect(conversion.path, options.signal));
      return await bring(
        conversion.name,
        (file) => convert(conversion, { file, log }, options),
        options.signal,
      );
    },
    async adopt(path, name, options) {
      const verdict = await inspect(path, options.signal);
      requireUsable(verdict);
      if (verdict.format !== "gguf" || verdict.files.length > 0)
        throw new PlatformError(
          "invalid_request",
          "Only a GGUF file is taken over as it is. Convert the folder of any other model.",
          { field: "path" },
        );
      return await bring(name, (file) => copy(path, file, options), options.signal);
    },
  };
}

/** What the process wrote before it died is for the log only. */
function logDeath(log: Log, end: ToolEnd): void {
  if (end.type === "killed") log.warn("model_tool.killed", { reason: end.reason, output: end.detail });
}

async function convert(
  { path, name, numbers }: ModelConversion,
  { file, log }: { readonly file: NewModelFile; readonly log: Log },
  { signal, onProgress }: PullOptions,
): Promise<readonly string[]> {
  const sizeBytes = await sizeOf(path);
  await requireRoom(file.folder, numbers === "f32" ? sizeBytes * 2 : sizeBytes);
  const end = await runModelTool(
    { type: "convert", path, target: file.partialPath, numbers, name },
    {
      signal,
      timeoutMs: convertTimeoutMs,
      onProgress: (completedBytes, totalBytes) =>
        onProgress({ phase: "converting", completedBytes, totalBytes }),
    },
  );
  if (end.type === "converted") return end.warnings;
  logDeath(log, end);
  throw new PlatformError("invalid_request", `The model cannot be converted: ${describeEnd(end)}`, {
    field: "path",
  });
}

async function copy(
  path: string,
  file: NewModelFile,
  { signal, onProgress }: PullOptions,
): Promise<readonly string[]> {
  const totalBytes = await sizeOf(path);
  await requireRoom(file.folder, totalBytes);
  let completedBytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      completedBytes += chunk.length;
      onProgress({ phase: "copying", completedBytes, totalBytes });
      done(undefined, chunk);
    },
  });
  const target = createWriteStream(file.partialPath, { mode: 0o640 });
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), count, target, { signal });
  return [];
}

function requireUsable(found: PathVerdict): PathVerdict {
  const { verdict, reasons } = found;
  if (verdict !== "refused") return found;
  throw new PlatformError(
    "invalid_request",
    `The files are refused. ${reasons.slice(0, maxReasonsShown).join(" ")} 'llmp inspect PATH' tells all.`,
    { field: "path" },
  );
}

function describeEnd(end: ToolEnd): string {
  switch (end.type) {
    case "problem":
      return `${end.message}.`;
    case "killed":
      return end.reason === "time"
        ? "It took longer than is allowed for that."
        : "Its reader died; it may need more memory than is allowed for that.";
    default:
      return "Its reader gave an answer to another question.";
  }
}

function folderOf({ storage_directory: folder }: ModelFilesParts["settings"]): string {
  if (folder !== undefined) return folder;
  throw new PlatformError(
    "config_invalid",
    "The local integration has no folder to keep models in. Set 'storage_directory' in its settings.",
    { field: "storage_directory" },
  );
}
