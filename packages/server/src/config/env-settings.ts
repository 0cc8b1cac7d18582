import { parse } from "yaml";
import { isTree } from "./config-file.ts";
import { shortNames, splitEnvName } from "./env-names.ts";
import { unknownKeyMessage } from "./nearest-name.ts";
import { readSecretFile } from "./references.ts";
import { childOf, isSecret, type SettingNode } from "./setting-tree.ts";
import type { Surroundings } from "./surroundings.ts";

/** A part of the configuration that is still being put together. */
export type MutableTree = Record<string, unknown>;

export interface EnvSettingParts {
  readonly around: Pick<Surroundings, "env" | "readFile">;
  readonly root: SettingNode;
  readonly tree: MutableTree;
  /** Told of every setting that was taken, by its path and the name that it came from. */
  onTaken(path: readonly PropertyKey[], name: string): void;
  report(name: string, message: string): void;
}

/** Puts what the environment says into the tree. Short names first, so that the rule's own name wins. */
export function applyEnvironment(parts: EnvSettingParts): void {
  const { env } = parts.around;
  for (const { env: name, path } of shortNames) {
    takeVariable(name, path, parts);
    takeVariable(`${name}_FILE`, path, parts);
  }
  for (const name of Object.keys(env).sort()) {
    const segments = splitEnvName(name);
    if (segments !== undefined) takeVariable(name, segments, parts);
  }
}

function takeVariable(name: string, segments: readonly string[], parts: EnvSettingParts): void {
  const text = parts.around.env[name];
  if (text === undefined || text === "") return;
  const assignment = { text, segments, path: [], container: parts.tree, node: parts.root };
  const outcome =
    assign(assignment, parts) ??
    assign({ ...assignment, segments: withoutFileSuffix(segments), isTwin: true }, parts);
  if (outcome === undefined) parts.report(name, unknownNameMessage(segments, parts.root));
  else if ("message" in outcome) parts.report(name, outcome.message);
  else parts.onTaken(outcome.path, name);
}

interface Assignment {
  readonly text: string;
  readonly segments: readonly string[];
  readonly path: readonly PropertyKey[];
  readonly container: MutableTree;
  readonly node: SettingNode;
  /** The text is the name of a file that holds a secret. */
  readonly isTwin?: boolean;
}

type Outcome = { readonly path: readonly PropertyKey[] } | { readonly message: string } | undefined;

/** Undefined when there is no such setting. */
function assign(input: Assignment, parts: EnvSettingParts): Outcome {
  const { container, node, segments } = input;
  const [key = "", ...rest] = segments;
  const child = childOf(node, key);
  if (child === undefined && (node.properties !== undefined || node.additionalProperties === false))
    return undefined;
  const path = [...input.path, key];
  if (rest.length === 0) return assignLeaf({ ...input, path }, { key, child: child ?? {} }, parts);
  if (child?.type === "array")
    return assignMember(
      { ...input, path, segments: rest },
      { list: listAt(container, key), items: child.items ?? {} },
      parts,
    );
  if (child !== undefined && child.type !== undefined && child.type !== "object") return undefined;
  const inner: MutableTree = isTree(container[key]) ? { ...container[key] } : {};
  const outcome = assign({ ...input, container: inner, node: child ?? {}, segments: rest, path }, parts);
  if (outcome !== undefined) container[key] = inner;
  return outcome;
}

function assignLeaf(
  input: Assignment,
  { key, child }: { readonly key: string; readonly child: SettingNode },
  { around }: EnvSettingParts,
): Outcome {
  const { container, text, path, isTwin = false } = input;
  const isOpenSetting = child.type === undefined && child.enum === undefined;
  if (!isTwin) {
    if (isOpenSetting && key.endsWith("_file") && isSecretName(key.slice(0, -"_file".length)))
      return undefined;
    container[key] = toValue(text, child, key);
    return { path };
  }
  if (!isSecret(child) && !(isOpenSetting && isSecretName(key))) return undefined;
  const content = readSecretFile(text, around);
  if (content === undefined) return { message: `the file ${text} cannot be read` };
  container[key] = content;
  return { path };
}

/** A member of a list is named by its number from 0, or where members have names, by its name in capitals. */
function assignMember(
  input: Assignment,
  { list, items }: { readonly list: unknown[]; readonly items: SettingNode },
  parts: EnvSettingParts,
): Outcome {
  const [selector = "", ...rest] = input.segments;
  if (rest.length === 0) return undefined;
  const isNumber = /^\d+$/.test(selector);
  const found = isNumber
    ? Number(selector)
    : list.findIndex((member) => isTree(member) && toSegment(member["name"]) === selector);
  if (!isNumber && items.properties?.["name"] === undefined) return undefined;
  if (isNumber && found > list.length)
    return { message: `the list has ${list.length} members, so the next one has the number ${list.length}` };
  const index = found === -1 ? list.length : found;
  const known: unknown = list[index];
  const member: MutableTree = isTree(known) ? { ...known } : isNumber ? {} : { name: selector };
  const place = isNumber ? index : String(member["name"]);
  const outcome = assign(
    { ...input, container: member, node: items, segments: rest, path: [...input.path, place] },
    parts,
  );
  if (outcome !== undefined && !("message" in outcome)) list[index] = member;
  return outcome;
}

function listAt(container: MutableTree, key: string): unknown[] {
  const known = container[key];
  const list: unknown[] = Array.isArray(known) ? known : [];
  container[key] = list;
  return list;
}

function toSegment(name: unknown): string {
  return String(name)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "_");
}

function withoutFileSuffix(segments: readonly string[]): readonly string[] {
  return segments.map((segment, index) =>
    index === segments.length - 1 ? segment.replace(/_file$/, "") : segment,
  );
}

/** Whether a setting of an integration, whose schema is not known here, holds a credential by its name. */
export function isSecretName(key: string): boolean {
  return /(?:key|token|secret|password|authorization)$/i.test(key);
}

/** Text of the environment as the value that the setting is of. What does not fit is left to the schema to refuse. */
function toValue(text: string, node: SettingNode, key: string): unknown {
  switch (node.type) {
    case "string":
      return node.enum === undefined ? text : text.toLowerCase();
    case "number":
    case "integer":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
    case "boolean":
      return toBoolean(text);
    case "array":
      return /^\s*\[/.test(text)
        ? parseFlow(text)
        : node.items?.type === "string"
          ? text.split(",").map((word) => word.trim())
          : parseFlow(text);
    case "object":
      return parseFlow(text);
    default:
      if (node.enum !== undefined) return toPlainValue(text.toLowerCase());
      return isSecretName(key) ? text : toPlainValue(text);
  }
}

function toBoolean(text: string): boolean | string {
  if (/^(?:1|true|yes|on)$/i.test(text)) return true;
  return /^(?:0|false|no|off)$/i.test(text) ? false : text;
}

/** Settings whose schema is not known here: numbers, booleans, lists and mappings are told by how they look. */
function toPlainValue(text: string): unknown {
  return /^(?:true|false|-?(?:0|[1-9]\d{0,14})(?:\.\d+)?|\[.*\]|\{.*\})$/s.test(text)
    ? parseFlow(text)
    : text;
}

function parseFlow(text: string): unknown {
  try {
    return parse(text);
  } catch {
    // Not YAML: the schema then says what it wanted instead of this text.
    return text;
  }
}

function unknownNameMessage(segments: readonly string[], root: SettingNode): string {
  let node = root;
  for (const segment of segments) {
    const child = childOf(node, segment);
    if (child === undefined)
      return unknownKeyMessage(
        segment.toUpperCase(),
        Object.keys(node.properties ?? {}).map((key) => key.toUpperCase()),
      );
    node = child;
  }
  return "is no setting";
}
