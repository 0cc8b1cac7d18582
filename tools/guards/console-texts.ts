import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "@swc/core";
import type { Guard } from "./guard.ts";
import { listSources } from "./sources.ts";

/** Attributes whose value people read or hear. */
const spoken = new Set([
  "title",
  "label",
  "placeholder",
  "alt",
  "aria-label",
  "text",
  "lead",
  "caption",
  "hint",
]);

/** What people read in the console comes from the catalogues: text in a component would be of one language. */
export const consoleTextGuard: Guard = {
  name: "console texts",
  remedy: "put the text into the messages.ts of the page, and say it with useText",
  async find(root) {
    const paths = (await listSources(root)).filter((path) => /^packages\/console\/src\/.*\.tsx$/.test(path));
    const problems = await Promise.all(
      paths.map(async (path) => {
        const tree: unknown = await parse(await readFile(join(root, path), "utf8"), {
          syntax: "typescript",
          tsx: true,
        });
        return findTexts(tree).map((text) => `${path}: ${JSON.stringify(text)}`);
      }),
    );
    return problems.flat();
  },
};

function findTexts(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(findTexts);
  if (typeof node !== "object" || node === null) return [];
  const own = textOf(node);
  return [...(own === undefined ? [] : [own]), ...Object.values(node).flatMap(findTexts)];
}

/** Words only: signs are the same in every language. */
function textOf(node: object): string | undefined {
  const type = member(node, "type");
  const value = type === "JSXText" ? member(node, "value") : attributeText(node);
  return typeof value === "string" && /\p{L}{2}/u.test(value) ? value.trim() : undefined;
}

function attributeText(node: object): unknown {
  if (member(node, "type") !== "JSXAttribute") return undefined;
  const name = member(member(node, "name"), "value");
  return typeof name === "string" && spoken.has(name) ? member(member(node, "value"), "value") : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
