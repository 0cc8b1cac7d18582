import { isTree } from "./config-file.ts";
import { unknownKeyMessage } from "./nearest-name.ts";
import { type ReferenceParts, readSecretFile } from "./references.ts";
import { childOf, isOpen, isSecret, type SettingNode } from "./setting-tree.ts";

/**
 * Checks the keys of what a file says against the schema, and puts the content of the file that a `*_file` twin of a
 * secret names in the secret's place. Unknown keys are reported, and left out.
 */
export function admitKeys(
  value: unknown,
  node: SettingNode,
  at: { readonly path: readonly PropertyKey[]; readonly parts: ReferenceParts },
): unknown {
  const { path, parts } = at;
  if (Array.isArray(value)) {
    const { items } = node;
    return items === undefined
      ? value
      : value.map((item, index) => admitKeys(item, items, { path: [...path, index], parts }));
  }
  if (!isTree(value) || (isOpen(node) && node.properties === undefined)) return value;
  const admitted: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const child = childOf(node, key);
    const twin = key.endsWith("_file") ? key.slice(0, -"_file".length) : undefined;
    if (child !== undefined) admitted[key] = admitKeys(member, child, { path: [...path, key], parts });
    else if (twin !== undefined && isSecret(node.properties?.[twin]))
      admitted[twin] = readTwin(member, [...path, key], parts);
    else parts.report([...path, key], unknownKeyMessage(key, Object.keys(node.properties ?? {})));
  }
  return admitted;
}

function readTwin(file: unknown, path: readonly PropertyKey[], parts: ReferenceParts): string | undefined {
  const content = typeof file === "string" ? readSecretFile(file, parts.around) : undefined;
  if (content === undefined) parts.report(path, `the file ${String(file)} cannot be read`);
  return content;
}
