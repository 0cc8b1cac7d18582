import { configEnvName, shortNames } from "./env-names.ts";
import { isSecret, type SettingNode, settingTree } from "./setting-tree.ts";

/** One line of the settings reference. */
export interface SettingRow {
  /** Dotted, with `[]` for each member of a list. */
  readonly key: string;
  /** Names in the environment, the general one first. */
  readonly env: readonly string[];
  readonly type: string;
  /** Undefined where there is none. */
  readonly default: unknown;
  readonly unit: string | undefined;
  readonly isSecret: boolean;
  readonly doc: string;
}

/** Every setting, in the order of the schema. */
export function settingsReference(): readonly SettingRow[] {
  return walk(settingTree(), []);
}

function walk(node: SettingNode, path: readonly string[]): readonly SettingRow[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const here = [...path, key];
    if (child.properties !== undefined) return walk(child, here);
    const row = toRow(child, here);
    return child.items?.properties === undefined ? [row] : [row, ...walk(child.items, [...path, `${key}[]`])];
  });
}

function toRow(node: SettingNode, path: readonly string[]): SettingRow {
  const key = path.join(".");
  const short = shortNames.filter((each) => each.path.join(".") === key).map(({ env }) => env);
  return {
    key,
    env: [configEnvName(path), ...short.filter((name) => name !== configEnvName(path))],
    type: typeOf(node),
    default: node.default,
    unit: node.unit,
    isSecret: isSecret(node),
    doc: node.description ?? "",
  };
}

function typeOf(node: SettingNode): string {
  if (node.enum !== undefined) return node.enum.map(String).join(" | ");
  if (node.anyOf !== undefined) return node.anyOf.map(typeOf).join(" | ");
  if (node.type === "array") return `list of ${node.items === undefined ? "any" : typeOf(node.items)}`;
  return node.type ?? "any";
}
