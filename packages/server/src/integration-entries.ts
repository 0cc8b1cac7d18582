import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { IntegrationConfig } from "@llm-platform/kit";
import type { ConfiguredIntegration, PlatformConfig } from "./config/schema.ts";
import type { Catalogue } from "./manager/catalogue.ts";

/** The kit's form of an entry, with what its definition and the data folder add to it. */
export function toIntegrationConfig(
  entry: ConfiguredIntegration,
  config: PlatformConfig,
  catalogue: Catalogue,
): IntegrationConfig {
  const definition = catalogue.find(entry.use);
  return { ...withModelFolders(entry, config.data_dir), type: entry.type ?? definition?.type ?? "service" };
}

/** Where the bundled models lie, seen from this file in a checkout as well as in its built form. */
const bundledModels = fileURLToPath(new URL("../../../models/demo", import.meta.url));

/** The local runtime also looks into the data folder, and offers the bundled models. */
function withModelFolders(entry: ConfiguredIntegration, dataDirectory: string): ConfiguredIntegration {
  if (entry.use !== "local") return entry;
  const listed = entry.settings["model_directories"];
  const own = Array.isArray(listed) ? listed : [];
  const extra = [join(dataDirectory, "models"), bundledModels].filter((folder) => existsSync(folder));
  const defaults = { storage_directory: join(dataDirectory, "models") };
  return { ...entry, settings: { ...defaults, ...entry.settings, model_directories: [...own, ...extra] } };
}
