import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import type { Guard } from "./guard.ts";
import { listSources } from "./sources.ts";

interface Link {
  readonly line: number;
  readonly href: string;
}

/** Links of all pages lead somewhere: the file or folder is there, and the heading that is named. */
export const linkGuard: Guard = {
  name: "links",
  remedy: "name a file that is there, and a heading as GitHub spells its anchor",
  async find(root) {
    const pages = (await listSources(root)).filter((path) => path.endsWith(".md") && !isTemplate(path));
    const read = (path: string) => readFileSync(join(root, path), "utf8");
    return pages.flatMap((page) =>
      linksOf(read(page)).flatMap(({ line, href }) => {
        const problem = problemOf(root, page, href);
        return problem === undefined ? [] : [`${page}:${line}: ${href}: ${problem}`];
      }),
    );
  },
};

/** Its links are those of the package that it becomes. */
function isTemplate(path: string): boolean {
  return path.startsWith("packages/client/templates/");
}

function problemOf(root: string, page: string, href: string): string | undefined {
  if (/^[a-z]+:/.test(href)) return undefined;
  const [path = "", anchor] = href.split("#");
  const target = path === "" ? page : posix.join(posix.dirname(page), decodeURI(path));
  if (target.startsWith("../")) return "leads out of the repository";
  if (!existsSync(join(root, target))) return "there is no such file";
  if (anchor === undefined || !target.endsWith(".md")) return undefined;
  const isThere = anchorsOf(readFileSync(join(root, target), "utf8")).has(anchor);
  return isThere ? undefined : "there is no such heading";
}

/** What stands in fences and in code is no link. */
function linksOf(page: string): readonly Link[] {
  return withoutFences(page).flatMap((text, index) =>
    [...text.replaceAll(/`[^`]*`/g, "").matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)].map(
      ([, href = ""]) => ({
        line: index + 1,
        href,
      }),
    ),
  );
}

/** As GitHub and the site make them: lower case, spaces are hyphens, other signs go; a second one of a name has a number. */
function anchorsOf(page: string): ReadonlySet<string> {
  const counts = new Map<string, number>();
  const anchors = withoutFences(page).flatMap((line) => {
    const heading = /^#{1,6} (.+)$/.exec(line)?.[1];
    if (heading === undefined) return [];
    const name = heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return [count === 0 ? name : `${name}-${count}`];
  });
  return new Set(anchors);
}

/** The page's lines; those of fences are empty. */
function withoutFences(page: string): readonly string[] {
  let isInside = false;
  return page.split("\n").map((line) => {
    const isFence = /^\s*```/.test(line);
    if (isFence) isInside = !isInside;
    return isFence || isInside ? "" : line;
  });
}
