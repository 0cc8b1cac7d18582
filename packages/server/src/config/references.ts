import type { Problem } from "@llm-platform/kit";
import { isTree } from "./config-file.ts";
import type { Surroundings } from "./surroundings.ts";

const reference = /\$\{(env|file):([^}]*)\}/g;

export interface ReferenceParts {
  readonly around: Pick<Surroundings, "env" | "readFile">;
  report(path: readonly PropertyKey[], message: string): void;
}

/** Replaces `${env:NAME}` and `${file:/path}` in every string; what cannot be replaced is reported. */
export function resolveReferences(
  value: unknown,
  path: readonly PropertyKey[],
  parts: ReferenceParts,
): unknown {
  if (typeof value === "string") return resolveText(value, path, parts);
  if (Array.isArray(value))
    return value.map((item, index) => resolveReferences(item, [...path, index], parts));
  if (!isTree(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, resolveReferences(member, [...path, key], parts)]),
  );
}

function resolveText(text: string, path: readonly PropertyKey[], { around, report }: ReferenceParts): string {
  return text.replaceAll(reference, (whole, kind: string, target: string) => {
    if (kind === "file") {
      const content = readSecretFile(target, around);
      if (content === undefined) report(path, `the file ${target} of ${whole} cannot be read`);
      return content ?? "";
    }
    const found = around.env[target];
    if (found === undefined) report(path, `the environment has no ${target}, which ${whole} asks for`);
    return found ?? "";
  });
}

/** The text of a file without the line ends after it; undefined when it cannot be read. */
export function readSecretFile(path: string, around: Pick<Surroundings, "readFile">): string | undefined {
  try {
    return around.readFile(path).replace(/[\r\n]+$/, "");
  } catch {
    // The caller says which setting wanted the file; why it cannot be read is for the person to look at.
    return undefined;
  }
}

/** A problem at a place of the configuration, such as `auth.api_keys[0].name`. */
export function toProblem(path: readonly PropertyKey[], message: string): Problem {
  const field = path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
  return { field, message };
}
