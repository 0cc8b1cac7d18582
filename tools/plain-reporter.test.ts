import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, expect, it } from "vitest";

const repository = resolve(import.meta.dirname, "..");
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Runs a file of tests in a process of its own; `PATH` is empty, so that no service is found. */
function report(text: string, more: Readonly<Record<string, string>> = {}) {
  const root = mkdtempSync(join(tmpdir(), "llm-platform-report-"));
  folders.push(root);
  writeFileSync(join(root, "planted.test.ts"), text);
  const reporter = join(repository, "tools/plain-reporter.ts");
  const args = ["run", "--globals", "--root", root, "--reporter", reporter];
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(repository, "node_modules/vitest/vitest.mjs"), ...args],
    { encoding: "utf8", env: { PATH: "", ...more } },
  );
  return { status, lines: stdout.trimEnd().split("\n") };
}

const passing = 'test("adds", () => expect(1 + 1).toBe(2));\n';
const failing = 'test("fails", () => expect(1 + 1).toBe(3));\n';
const skipped = 'test.skip("waits", () => undefined);\n';

it.each([
  ["passed tests", passing, 0, "1 passed, 0 failed"],
  ["a failed and a skipped test", passing + failing + skipped, 1, "1 passed, 1 failed, 1 skipped"],
  ["a run in which no test ran", skipped, 1, "0 passed, 0 failed, 1 skipped"],
  ["a file that breaks before its tests", `throw new Error("broken");\n${passing}`, 1, "0 passed, 1 failed"],
  [
    "an error outside of every test",
    `${passing}void Promise.reject(new Error("lost"));\n`,
    1,
    "1 passed, 1 failed",
  ],
])("ends with the count of %s", (_, text, status, lastLine) => {
  const result = report(text);
  expect(result.lines.at(-1)).toBe(lastLine);
  expect(result.status).toBe(status);
});

it("names a missing service before the last line, and that its tests fail where it is required", () => {
  expect(report(passing).lines).toContain("not found on this machine: promtool; its tests are skipped");
  const required = { LLM_PLATFORM_REQUIRE_SERVICES: "1" };
  const found = `import { findService } from ${JSON.stringify(join(repository, "tools/services.ts"))};\nfindService("promtool");\n`;
  const result = report(found + passing, required);
  expect(result.lines).toContain("not found on this machine: promtool; its tests fail");
  expect(result.lines.at(-1)).toBe("0 passed, 1 failed");
  expect(result.status).toBe(1);
});
