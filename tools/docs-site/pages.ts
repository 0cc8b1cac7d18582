import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A page of the site by its path from the repository's root. */
type Link = { readonly text: string; readonly link: string };
type Group = { readonly text: string; readonly collapsed: boolean; readonly items: Link[] };

/** Every file of Markdown in them is a page. */
const pageFolders = ["docs/guides", "docs/reference", "docs/runbooks", "docs/decisions"] as const;

/** Pages outside of `docs/`. */
const projectPages = [
  "ARCHITECTURE.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "AGENTS.md",
  "SECURITY.md",
  "GOVERNANCE.md",
  "CODE_OF_CONDUCT.md",
  "packages/kit/README.md",
  "packages/console/README.md",
  "helm-chart/README.md",
  "examples/integration-minimal/README.md",
  "models/demo/README.md",
  "bench/README.md",
  "bench/results.md",
] as const;

/** Guides in the order of a reader; one that is not named comes behind them. */
const guides: Readonly<Record<string, readonly string[]>> = {
  "Get started": ["README", "quick-start", "clients", "connect", "compare", "migrate"],
  Models: ["models", "local-models", "model-files"],
  Deploy: ["deploy", "postgresql", "upgrade", "back-up", "smoke"],
  Operate: [
    "operate",
    "monitoring",
    "dashboards",
    "opentelemetry",
    "requests",
    "troubleshoot",
    "tune",
    "load-results",
    "threat-model",
  ],
  Extend: ["integrations", "write-an-integration", "graphql"],
};

/** Everything that can be read, in groups. */
export function sidebar(root: string): Group[] {
  const group = (text: string, files: readonly string[], collapsed = true): Group => ({
    text,
    collapsed,
    items: files.map((file) => ({ text: titleOf(join(root, file)), link: toLink(file) })),
  });
  const inFolder = (folder: string) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".md"))
      .sort((a, b) => Number(b === "README.md") - Number(a === "README.md") || a.localeCompare(b))
      .map((name) => `${folder}/${name}`);
  const guideFile = (name: string) => `docs/guides/${name}.md`;
  const there = inFolder("docs/guides");
  const named = new Set(Object.values(guides).flat().map(guideFile));
  const others = there.filter((file) => !named.has(file));
  const guideGroups = Object.entries(guides).map(([text, names]) =>
    group(
      text,
      names.map(guideFile).filter((file) => there.includes(file)),
      false,
    ),
  );
  return [
    group("llm-platform", ["README.md"], false),
    ...guideGroups,
    ...(others.length === 0 ? [] : [group("More guides", others, false)]),
    group("Reference", inFolder("docs/reference")),
    group("Runbooks", inFolder("docs/runbooks")),
    group("Decisions", inFolder("docs/decisions")),
    group("Project", projectPages),
  ];
}

/** Where a file of Markdown is on the site. */
export function toLink(file: string): string {
  return file === "README.md" ? "/" : `/${file.replace(/\.md$/, "")}`;
}

/** Whether a file, by its path from the root, is a page of the site. */
export function isPage(file: string): boolean {
  return (
    file === "README.md" ||
    projectPages.some((page) => page === file) ||
    (file.endsWith(".md") && pageFolders.some((folder) => file.startsWith(`${folder}/`)))
  );
}

function titleOf(file: string): string {
  return /^# (.+)$/m.exec(readFileSync(file, "utf8"))?.[1]?.replaceAll("`", "") ?? file;
}
