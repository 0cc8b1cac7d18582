import { type LoadedConfig, loadConfig } from "./load.ts";
import type { Surroundings } from "./surroundings.ts";

/** What a test gives to the configuration. */
export interface Given {
  readonly yaml?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly argv?: readonly string[];
  readonly platform?: NodeJS.Platform;
}

function surroundings({ yaml, files = {}, env = {}, argv = [], platform = "linux" }: Given): Surroundings {
  const all: Readonly<Record<string, string>> = {
    ...files,
    ...(yaml === undefined ? {} : { "/srv/llm-platform.yaml": yaml }),
  };
  return {
    argv,
    env,
    platform,
    workingDirectory: "/srv",
    homeDirectory: "/home/ann",
    readFile(path) {
      const text = all[path];
      if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return text;
    },
  };
}

/** Loads the configuration of a machine that is made up: Linux, a folder /srv, and only these files. */
export function load(given: Given = {}): LoadedConfig {
  return loadConfig(surroundings(given));
}
