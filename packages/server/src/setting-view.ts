import type { Json } from "@llm-platform/kit";
import type { LoadedConfig } from "./config/load.ts";
import { hideSecrets } from "./config/render.ts";
import { settingsReference } from "./config/settings-reference.ts";
import type { LogControl } from "./control/log-levels.ts";
import type { SettingLine, SettingView } from "./control/settings.ts";
import type { KnownSecrets } from "./core/known-secrets.ts";
import { everyPart } from "./telemetry/log-levels.ts";

export interface SettingViewParts extends Pick<LoadedConfig, "config" | "origins" | "file"> {
  readonly secrets: KnownSecrets;
  readonly logControl: Pick<LogControl, "overrides">;
}

/** Where a value comes from, the stronger first. */
const byStrength = ["flag", "env", "file"] as const;

/** The settings as they were loaded, and what of them was changed while the server runs. */
export function createSettingView({
  config,
  origins,
  file,
  secrets,
  logControl,
}: SettingViewParts): SettingView {
  const shown = hideSecrets(config);
  // A member of a list is shown with its list.
  const rows = settingsReference().filter(({ key }) => !key.includes("[]"));
  return {
    file,
    list() {
      const overrides = logControl.overrides();
      return rows.map((row): SettingLine => {
        const changed = changedWhileRunning(row.key, overrides);
        return {
          key: row.key,
          value: changed ?? secrets.hideIn({ value: toJson(valueAt(shown, row.key)) })["value"] ?? null,
          origin: changed === undefined ? originOf(row.key, origins) : "run_time",
          default: toJson(row.default),
          env: row.env,
          type: row.type,
          unit: row.unit ?? null,
          isSecret: row.isSecret,
          doc: row.doc,
        };
      });
    },
  };
}

/** What `system.log_levels.set` has put in the place of a setting. */
function changedWhileRunning(key: string, overrides: ReturnType<LogControl["overrides"]>): Json | undefined {
  if (key === "log.level") return overrides.find(({ part }) => part === everyPart)?.level;
  if (key !== "log.levels") return undefined;
  const parts = overrides.filter(({ part }) => part !== everyPart);
  return parts.length === 0 ? undefined : Object.fromEntries(parts.map(({ part, level }) => [part, level]));
}

/** Of a value that is put together from several, the strongest. */
function originOf(key: string, origins: LoadedConfig["origins"]): SettingLine["origin"] {
  const found = new Set(
    [...origins].filter(([path]) => path === key || path.startsWith(`${key}.`)).map(([, origin]) => origin),
  );
  return byStrength.find((origin) => found.has(origin)) ?? "default";
}

function valueAt(tree: unknown, key: string): unknown {
  return key
    .split(".")
    .reduce<unknown>(
      (node, part) => (typeof node === "object" && node !== null ? Reflect.get(node, part) : undefined),
      tree,
    );
}

/** What the configuration is made of is JSON but for what is absent. */
function toJson(value: unknown): Json {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}
