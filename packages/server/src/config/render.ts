import { Secret } from "@llm-platform/kit";
import { Document, isMap, isScalar, type YAMLMap } from "yaml";
import { isTree } from "./config-file.ts";
import { isSecretName } from "./env-settings.ts";
import type { LoadedConfig } from "./load.ts";
import type { PlatformConfig } from "./schema.ts";

/** The configuration as YAML, each value with its origin in a comment. Secrets are `[secret]`. */
export function renderConfig(config: PlatformConfig, origins: LoadedConfig["origins"]): string {
  const document = new Document(hideSecrets(config));
  if (isMap(document.contents)) annotate(document.contents, { path: [], origins });
  return document.toString({ lineWidth: 0 });
}

/** The configuration as plain data that may be shown to anybody who may see the settings. */
export function hideSecrets(config: PlatformConfig): Readonly<Record<string, unknown>> {
  return {
    ...Object.fromEntries(Object.entries(config).map(([key, value]) => [key, hideInKnown(value)])),
    integrations: config.integrations.map((entry) => ({ ...entry, settings: hideInOpen(entry.settings) })),
  };
}

/** Parts whose schema is ours: there a secret has a type. */
function hideInKnown(value: unknown): unknown {
  if (value instanceof Secret) return value.toString();
  if (Array.isArray(value)) return value.map(hideInKnown);
  return isTree(value)
    ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, hideInKnown(member)]))
    : value;
}

/** Settings of integrations: there a secret is told by its name, and every header counts as one. */
function hideInOpen(value: unknown, key = ""): unknown {
  if (typeof value === "string")
    return isSecretName(key) ? "[secret]" : value.replace(/(?<=:\/\/)[^/@\s]*@/, "[secret]@");
  if (Array.isArray(value)) return value.map((member) => hideInOpen(member, key));
  if (!isTree(value)) return value;
  const isHeaders = /headers$/i.test(key);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, isHeaders ? "[secret]" : hideInOpen(member, name)]),
  );
}

function annotate(
  map: YAMLMap,
  { path, origins }: { readonly path: readonly string[]; readonly origins: LoadedConfig["origins"] },
): void {
  for (const { key, value } of map.items) {
    const here = [...path, isScalar(key) ? String(key.value) : String(key)];
    if (isMap(value) && value.items.length > 0) annotate(value, { path: here, origins });
    else if (isScalar(value)) value.comment = ` ${origins.get(here.join(".")) ?? "default"}`;
    else if (isScalar(key)) key.commentBefore = ` ${originOfList(here.join("."), origins)}`;
  }
}

/** A list is from the environment as soon as one member's setting is. */
function originOfList(path: string, origins: LoadedConfig["origins"]): string {
  const inside = [...origins]
    .filter(([key]) => key === path || key.startsWith(`${path}.`))
    .map(([, origin]) => origin);
  return [...new Set(inside)].join(", ") || "default";
}
