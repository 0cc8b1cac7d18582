import type { Problem } from "@llm-platform/kit";
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from "yaml";

/** A configuration file, read. */
export interface ConfigFile {
  readonly path: string;
  readonly tree: Readonly<Record<string, unknown>>;
  /** Line of the nearest thing to a path that is written; undefined when the file says nothing about it. */
  lineOf(path: readonly PropertyKey[]): number | undefined;
}

/** Parses a configuration file. What is wrong with its syntax is added to `problems`. */
export function parseConfigFile(path: string, text: string, problems: Problem[]): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  for (const error of document.errors)
    problems.push({ field: `${path}:${lines.linePos(error.pos[0]).line}`, message: error.message });
  const value: unknown = document.errors.length > 0 ? {} : (document.toJS({ maxAliasCount: 100 }) ?? {});
  if (!isTree(value)) problems.push({ field: path, message: "must hold settings as `key: value`" });
  return {
    path,
    tree: isTree(value) ? value : {},
    lineOf(wanted) {
      const offset = offsetOf(document, wanted);
      return offset === undefined ? undefined : lines.linePos(offset).line;
    },
  };
}

/** Whether a value is a mapping of keys. */
export function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined || !isScalar(pair.key)) return offset;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof key === "number") {
      node = node.items[key];
      if (isMap(node) || isScalar(node) || isSeq(node)) offset = node.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
