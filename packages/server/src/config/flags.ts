import type { Problem } from "@llm-platform/kit";
import { unknownKeyMessage } from "./nearest-name.ts";

/** Settings that have a flag. */
export const flagPaths: Readonly<Record<string, readonly string[]>> = {
  "--host": ["server", "host"],
  "--port": ["server", "port"],
  "--data-dir": ["data_dir"],
  "--log-level": ["log", "level"],
  "--workers": ["server", "workers"],
};

export interface Flags {
  /** Of `--config`. */
  readonly configFile: string | undefined;
  readonly values: readonly {
    readonly path: readonly string[];
    readonly flag: string;
    readonly text: string;
  }[];
}

/** Reads `--flag value` and `--flag=value`. */
export function parseFlags(argv: readonly string[], problems: Problem[]): Flags {
  const known = ["--config", ...Object.keys(flagPaths)];
  const values: { path: readonly string[]; flag: string; text: string }[] = [];
  let configFile: string | undefined;
  for (let at = 0; at < argv.length; at++) {
    const [, flag = "", inline] = /^([^=]*)(?:=(.*))?$/s.exec(argv[at] ?? "") ?? [];
    const path = flagPaths[flag];
    if (path === undefined && flag !== "--config") {
      problems.push({ field: flag, message: unknownKeyMessage(flag, known).replace("key", "argument") });
      continue;
    }
    const text = inline ?? argv[++at];
    if (text === undefined) problems.push({ field: flag, message: "needs a value" });
    else if (path === undefined) configFile = text;
    else values.push({ path, flag, text });
  }
  return { configFile, values };
}
