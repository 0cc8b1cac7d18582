import { existsSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { isPage } from "./pages.ts";

/** Folders and files that lie beside the pages, for links to them. */
export const copied = ["contracts", "deploy", "production-values.yaml", "LICENSE"] as const;

/**
 * Where a link of a page leads on the site.
 * @param from the page's path from the root
 * @returns undefined where the site has nothing of it, such as the sources
 */
export function resolveLink(root: string, from: string, href: string): string | undefined {
  if (/^([a-z]+:|#)/.test(href)) return href;
  const [path = "", anchor] = href.split("#");
  const target = posix.join(posix.dirname(from), decodeURI(path)).replace(/\/$/, "");
  const end = anchor === undefined ? "" : `#${anchor}`;
  if (isPage(target)) return toPage(target) + end;
  if (isPage(`${target}/README.md`)) return toPage(`${target}/README.md`) + end;
  const isFile = existsSync(join(root, target)) && statSync(join(root, target)).isFile();
  const isCopied = copied.some((place) => target === place || target.startsWith(`${place}/`));
  return isFile && isCopied ? `/${target}` : undefined;
}

function toPage(file: string): string {
  return file === "README.md" ? "/index.md" : `/${file}`;
}
