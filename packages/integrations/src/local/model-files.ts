import { realpath } from "node:fs/promises";
import { isAbsolute, sep } from "node:path";
import { type ModelFiles, type PathVerdict, PlatformError } from "@llm-platform/kit";
import { runModelTool } from "./model-tool-process.ts";
import type { LocalSettings } from "./settings.ts";

const maxPathBytes = 4_096;
const inspectTimeoutMs = 30_000;

/** Looks at the model files of the folders that the settings allow. */
export function createModelFiles(
  settings: Pick<LocalSettings, "model_directories" | "import_directories">,
): ModelFiles {
  return {
    locate: async (path) =>
      await locate(path, [...settings.model_directories, ...settings.import_directories]),
    inspect,
  };
}

async function inspect(path: string, signal: AbortSignal): Promise<PathVerdict> {
  const end = await runModelTool({ type: "inspect", path }, { signal, timeoutMs: inspectTimeoutMs });
  if (end.type === "verdict") return end.verdict;
  const reason =
    end.type === "problem"
      ? `It is not sound: ${end.message}.`
      : end.reason === "time"
        ? `It could not be looked through within ${inspectTimeoutMs / 1000} seconds.`
        : "It could not be looked through with the memory that is allowed for that.";
  return { verdict: "refused", format: "unknown", reasons: [reason], files: [] };
}

async function locate(path: string, folders: readonly string[]): Promise<string> {
  const isSound = isAbsolute(path) && !path.includes("\0") && Buffer.byteLength(path) <= maxPathBytes;
  const real = isSound ? await realpathOrNothing(path) : undefined;
  for (const folder of folders) {
    const root = await realpathOrNothing(folder);
    if (real !== undefined && root !== undefined && (real === root || real.startsWith(root + sep)))
      return real;
  }
  // The same whether the path is there or not: it tells nothing about the rest of the machine.
  throw new PlatformError(
    "invalid_request",
    "The path is not the full path of a file or folder inside one of the folders of 'model_directories' and 'import_directories' of the local integration.",
    { field: "path" },
  );
}

async function realpathOrNothing(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    // Whatever the reason, nothing can be read there.
    return undefined;
  }
}
