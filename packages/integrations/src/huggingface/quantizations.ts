import type { HubFile, HubQuantization } from "@llm-platform/kit";

/** How the name of a GGUF file says in which way its weights are rounded. */
const quantizationName =
  /(?:^|[-._/])((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|TQ\d_\d|BF16|F16|F32|FP16|MXFP4(?:_MOE)?))(?=[-._/]|$)/i;
const splitName = /-(\d{5})-of-(\d{5})\.gguf$/i;
/** Files that are a part of another model: they see or hear for it. */
const companion = /(?:^|[/._-])mmproj/i;

/** The quantisation that a file's name says, in capitals. */
export function quantizationOf(path: string): string | undefined {
  const stem = path.replace(splitName, "").replace(/\.gguf$/i, "");
  const base = stem.split("/").at(-1) ?? "";
  return (quantizationName.exec(base) ?? quantizationName.exec(stem))?.[1]?.toUpperCase();
}

/** The models that a repository's GGUF files are, smallest first. What is split is one; a split one that lacks a part is none. */
export function groupQuantizations(files: readonly HubFile[]): readonly HubQuantization[] {
  const groups = new Map<string, HubFile[]>();
  for (const file of files) {
    if (!/\.gguf$/i.test(file.path) || companion.test(file.path)) continue;
    const stem = file.path.replace(splitName, "");
    groups.set(stem, [...(groups.get(stem) ?? []), file]);
  }
  const found = [...groups.values()].filter(isWhole).map((group) => {
    const [first] = group;
    const base =
      first?.path
        .split("/")
        .at(-1)
        ?.replace(/\.gguf$/i, "") ?? "";
    return {
      name: quantizationOf(first?.path ?? "") ?? base,
      files: group.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
      sizeBytes: group.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    };
  });
  return found.toSorted((a, b) => a.sizeBytes - b.sizeBytes);
}

function isWhole(group: readonly HubFile[]): boolean {
  const count = Number(splitName.exec(group[0]?.path ?? "")?.[2] ?? 1);
  return group.length === count;
}
