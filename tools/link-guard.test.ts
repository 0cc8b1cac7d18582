import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { linkGuard } from "./guards/links.ts";

let root: string;

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A tree of two pages. */
function plant(page: string, other: string): string {
  root = mkdtempSync(join(tmpdir(), "llm-platform-links-"));
  mkdirSync(join(root, "docs"));
  writeFileSync(join(root, "docs/a.md"), page);
  writeFileSync(join(root, "docs/b.md"), other);
  return root;
}

describe("the guard of links", () => {
  const target = "# Some Title, said\n\n## Twice\n\n## Twice\n";

  it.each([
    ["a file that is not there", "[a](gone.md)", "docs/a.md:3: gone.md: there is no such file"],
    ["a heading that is not there", "[a](b.md#gone)", "docs/a.md:3: b.md#gone: there is no such heading"],
    ["a heading of its own page", "[a](#gone)", "docs/a.md:3: #gone: there is no such heading"],
    [
      "a way out of the repository",
      "[a](../../b.md)",
      "docs/a.md:3: ../../b.md: leads out of the repository",
    ],
  ])("finds %s", async (_what, text, problem) => {
    expect(await linkGuard.find(plant(`# A\n\n${text}\n`, target))).toEqual([problem]);
  });

  it("is content with files, folders, headings as GitHub spells them, addresses, and what is code", async () => {
    const links =
      "[1](b.md) [2](../docs/) [3](b.md#some-title-said) [4](b.md#twice-1) [5](https://example.org/x)";
    const page = `# A\n\n${links} \`[6](gone.md)\`\n\n\`\`\`\n[7](gone.md)\n\`\`\`\n`;
    expect(await linkGuard.find(plant(page, target))).toEqual([]);
  });
});
