import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { consoleTextGuard } from "./guards/console-texts.ts";
import { runGuard } from "./guards/guard.ts";

it("finds text in a component of the console, and lets signs and names pass", async () => {
  const root = mkdtempSync(join(tmpdir(), "llm-platform-guard-"));
  mkdirSync(join(root, "packages/console/src"), { recursive: true });
  const component = `export const A = () => <p title="Bad title" className="good">{say("good")} · Bad text</p>;\n`;
  writeFileSync(join(root, "packages/console/src/a.tsx"), component);
  expect(await runGuard(consoleTextGuard, root)).toEqual([
    'packages/console/src/a.tsx: "Bad title"',
    'packages/console/src/a.tsx: "· Bad text"',
  ]);
  rmSync(root, { recursive: true });
});
