import { access, constants, mkdir } from "node:fs/promises";
import { PlatformError, type Problem } from "@llm-platform/kit";
import { readTlsFiles } from "./api/tls-source.ts";
import { readSurroundings } from "./config/surroundings.ts";
import { loadConfig } from "./config/load.ts";
import { hideSecrets, renderConfig } from "./config/render.ts";
import { toTlsFiles } from "./settings-of.ts";

/** What a look at the configuration came to. */
export interface CheckedConfiguration {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  /** The file that was read, if one was. */
  readonly file: string | undefined;
  readonly dataDirectory: string;
}

/** Reads the configuration as the server would, and tells every problem. */
export async function checkConfiguration(argv: readonly string[]): Promise<CheckedConfiguration> {
  try {
    const { config, warnings, file } = loadConfig(readSurroundings(argv));
    const tls = toTlsFiles(config);
    if (tls !== undefined) await readTlsFiles(tls);
    return { problems: [], warnings, file, dataDirectory: config.data_dir };
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== "config_invalid") throw error;
    return { problems: error.problems, warnings: [], file: undefined, dataDirectory: "" };
  }
}

/** The configuration in force as text, with where each value comes from. Throws PlatformError `config_invalid`. */
export async function showConfiguration(argv: readonly string[], format: "table" | "json"): Promise<string> {
  const { config, origins, file } = loadConfig(readSurroundings(argv));
  if (format === "table") return renderConfig(config, origins);
  return `${JSON.stringify({ config: hideSecrets(config), origins: Object.fromEntries(origins), file: file ?? null }, null, 2)}\n`;
}

/** What is wrong with the data folder, or undefined when it can be used. */
export async function checkDataDirectory(directory: string): Promise<string | undefined> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    return `${directory} cannot be written (${code}); choose another with LLM_PLATFORM_DATA_DIR`;
  }
}
