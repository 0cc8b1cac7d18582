import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { listSources } from "../../guards/sources.ts";
import { copied, resolveLink } from "../links.ts";
import { isPage, sidebar } from "../pages.ts";

// Files of `contracts/` that are no pages.
process.env["VITE_EXTRA_EXTENSIONS"] = "proto,graphql";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** `npm run docs`: README, guides, reference, runbooks and decisions as pages that need no network. */
export default defineConfig({
  title: "llm-platform",
  description: "One server in front of every model that a team runs",
  lang: "en",
  srcDir: root,
  outDir: join(root, "dist/docs"),
  cacheDir: join(root, "node_modules/.vitepress"),
  rewrites: { "README.md": "index.md" },
  srcExclude: (await listSources(root)).filter((file) => file.endsWith(".md") && !isPage(file)),
  metaChunk: true,
  // What else a page links to is copied, and `npm run check` knows that it is there.
  ignoreDeadLinks: [/^https?:\/\/localhost/, /^\/(contracts|deploy)\//],
  themeConfig: {
    sidebar: sidebar(root),
    search: { provider: "local", options: { detailedView: true } },
    outline: [2, 3],
    socialLinks: [],
  },
  markdown: {
    config(markdown) {
      markdown.core.ruler.push("links-of-the-repository", (state) => {
        const from = state.env.relativePath === "index.md" ? "README.md" : state.env.relativePath;
        for (const token of state.tokens.flatMap(({ children }) => children ?? [])) {
          // Braces in code are no template of Vue's.
          if (token.type === "code_inline") token.attrSet("v-pre", "");
          const href = token.type === "link_open" ? token.attrGet("href") : null;
          if (href === null) continue;
          const target = resolveLink(root, from, href);
          if (target !== undefined) token.attrSet("href", target);
          else token.attrs = [["title", `in the repository: ${href}`]];
        }
      });
    },
  },
  buildEnd({ outDir }) {
    for (const place of copied) cpSync(join(root, place), join(outDir, place), { recursive: true });
  },
});
