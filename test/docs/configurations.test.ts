import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";
import { checkConfiguration } from "../../packages/server/src/check.ts";
import { readFences } from "./fences.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const guides = readdirSync(join(root, "docs/guides")).map((name) => `docs/guides/${name}`);
const folder = mkdtempSync(join(tmpdir(), "llm-platform-configurations-"));

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test("every configuration on a page is valid", async () => {
  const problems: string[] = [];
  let count = 0;
  for (const path of ["README.md", ...guides]) {
    for (const { language, text, line, marker } of readFences(readFileSync(join(root, path), "utf8"))) {
      if (language !== "yaml" || marker?.kind === "not run") continue;
      for (const [, name = ""] of text.matchAll(/\$\{env:(\w+)\}/g))
        vi.stubEnv(name, "a-value-of-this-test-0123456789");
      const file = join(folder, "llm-platform.yaml");
      writeFileSync(file, text);
      const checked = await checkConfiguration(["--config", file]);
      problems.push(...checked.problems.map(({ field, message }) => `${path}:${line}: ${field}: ${message}`));
      count++;
    }
  }
  expect(problems).toEqual([]);
  expect(count).toBeGreaterThan(20);
});
