import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runModelTool } from "../model-tool-process.ts";
import type { ToolMessage } from "../model-tool/tool-messages.ts";
import { maliciousFiles } from "./pickle/malicious.test-data.ts";

type Verdict = Extract<ToolMessage, { type: "verdict" }>["verdict"];

describe("malicious pickles", () => {
  let folder: string;
  let canary: string;
  let verdict: Verdict;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "llm-pickles-"));
    canary = join(folder, "canary");
    for (const { name, bytes } of maliciousFiles(canary)) await writeFile(join(folder, name), bytes);
    const end = await runModelTool(
      { type: "inspect", path: folder },
      { signal: new AbortController().signal, timeoutMs: 30_000 },
    );
    if (end.type !== "verdict") throw new Error(JSON.stringify(end));
    verdict = end.verdict;
  });
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  it.each(maliciousFiles("/c").map(({ name, names }) => [name, names]))(
    "%s is refused and named",
    (name, names) => {
      const file = verdict.files.find((each) => each.name === name);
      expect(file).toMatchObject({ verdict: "refused" });
      expect(file?.reasons.join(" ")).toContain(names);
    },
  );

  it("leave no trace", () => {
    expect(verdict.verdict).toBe("refused");
    expect(existsSync(canary)).toBe(false);
  });
});
