import { PlatformError } from "@llm-platform/kit";
import { readGgufFile } from "./gguf-file.ts";
import type { ModelCatalog } from "./model-catalog.ts";
import { locatePath } from "./model-paths.ts";
import type { LocalSettings } from "./settings.ts";

type Folders = Pick<LocalSettings, "model_directories" | "import_directories" | "storage_directory">;

/** Finds the file of an adapter for models of an architecture, by its full path or its name. */
export type AdapterFinder = (name: string, architecture: string) => Promise<string>;

/**
 * Finds the file of a LoRA adapter: by its full path, or by the name of one that lies beside the models.
 * The returned function rejects with PlatformError `invalid_request` for what is none, lies elsewhere, or is made for
 * models of another architecture.
 */
export function createAdapterFinder(
  { model_directories, import_directories, storage_directory }: Folders,
  catalog: Pick<ModelCatalog, "adapters">,
): AdapterFinder {
  const stored = storage_directory === undefined ? [] : [storage_directory];
  const folders = [...model_directories, ...import_directories, ...stored];
  return async (name, architecture) => {
    const path = catalog.adapters.get(name) ?? (await locate(name, folders));
    const result = await readGgufFile(path).catch((cause: unknown) => {
      throw refusal(`'${name}' cannot be read`, cause);
    });
    if (result.type !== "head" || result.head.kind !== "adapter")
      throw refusal(`'${name}' is no LoRA adapter in the GGUF format`);
    if (result.head.architecture !== architecture)
      throw refusal(
        `'${name}' is made for models of the architecture '${result.head.architecture}', and this one is of '${architecture}'`,
      );
    return path;
  };
}

async function locate(name: string, folders: readonly string[]): Promise<string> {
  try {
    return await locatePath(name, folders);
  } catch (cause) {
    throw refusal(
      `'${name}' is neither the name of an adapter beside the models nor a full path in a folder of 'model_directories' or 'import_directories'`,
      cause,
    );
  }
}

function refusal(what: string, cause?: unknown): PlatformError {
  return new PlatformError("invalid_request", `The setting 'adapters' is not valid: ${what}.`, {
    field: "settings.adapters",
    cause,
  });
}
