import { type SettingRow, settingsReference } from "../../packages/server/src/config/settings-reference.ts";
import { code, formatPage, formatTable } from "./markdown.ts";

/** The page about settings. */
export function settingsPage(): string {
  return formatPage([
    "# Settings",
    [
      "Settings come from flags (`--host`, `--port`, `--workers`), then the environment, then `llm-platform.yaml`, then the defaults; the first that has a value wins.",
      "The file is named by `--config` or `LLM_PLATFORM_CONFIG`; otherwise `llm-platform.yaml` in the working directory is read when it is there.",
      "An unknown key is refused, with the nearest known one, and all problems are told at once.",
    ].join(" "),
    "A value in the file may be `${env:NAME}` or `${file:/path}`. `llmp config show` prints what is in force, and where each value comes from.",
    "The name in the environment is the path in capitals with `__` between its parts. In lists `N` is the place of the entry, counted from 0, or the name of an integration.",
    ...sections(settingsReference()).map(([name, rows]) => [`## ${name}`, table(rows)].join("\n\n")),
  ]);
}

function sections(rows: readonly SettingRow[]): readonly (readonly [string, readonly SettingRow[]])[] {
  const groups = Map.groupBy(rows, ({ key }) => key.split(/[.[]/)[0] ?? "");
  return [...groups.entries()];
}

function table(rows: readonly SettingRow[]): string {
  return formatTable(
    ["Key", "Environment", "Type", "Default", "Unit", "What it is"],
    rows.map(({ key, env, type, default: fallback, unit, isSecret, doc }) => [
      code(key),
      env.map(code).join(", "),
      isSecret ? `${type}, secret` : type,
      fallback === undefined ? "" : code(JSON.stringify(fallback)),
      unit ?? "",
      doc,
    ]),
  );
}
