import { z } from "zod";
import { configSchema } from "./schema.ts";

/** One place in the configuration, as its JSON Schema describes it. */
export interface SettingNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly format?: string;
  readonly unit?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SettingNode[];
  readonly properties?: Readonly<Record<string, SettingNode>>;
  readonly additionalProperties?: boolean | SettingNode;
  readonly items?: SettingNode;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** JSON Schema (2020-12) of what a user writes into the configuration file. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    ...z.toJSONSchema(configSchema, { io: "input" }),
    title: "Configuration of llm-platform",
    // The data folder has a default that depends on the machine, so that a file need not name it.
    required: [],
  };
}

/** The same, to be walked. */
export function settingTree(): SettingNode {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema is our own, and so is its shape
  return configJsonSchema() as SettingNode;
}

export function isSecret(node: SettingNode | undefined): boolean {
  return node?.format === "secret";
}

/** The member of a node that a key of the file leads to. Undefined when there is no such setting. */
export function childOf(node: SettingNode, key: string): SettingNode | undefined {
  const own = node.properties?.[key];
  if (own !== undefined) return own;
  if (typeof node.additionalProperties === "object") return node.additionalProperties;
  return undefined;
}

/** Whether a node takes any key. */
export function isOpen(node: SettingNode): boolean {
  return node.properties === undefined || typeof node.additionalProperties === "object";
}
