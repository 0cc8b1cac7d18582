import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runScript } from "./commands.ts";
import type { Guard } from "./guard.ts";

/** The kit as it would be published builds the example integration, with nothing else of the workspace. */
export const packedKitGuard: Guard = {
  name: "packed kit",
  remedy: "the example must type-check and pass its tests against the packed kit alone",
  needsBuild: true,
  async find(root) {
    const folder = mkdtempSync(join(tmpdir(), "llm-platform-kit-"));
    try {
      execFileSync("npm", ["pack", "--silent", "--pack-destination", folder, "-w", "@llm-platform/kit"], {
        cwd: root,
        stdio: "pipe",
      });
      const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
      if (tarball === undefined) return ["npm pack made no file"];
      const example = join(folder, "example");
      cpSync(join(root, "examples/integration-minimal"), example, {
        recursive: true,
        filter: (path) => !path.includes("node_modules"),
      });
      const kit = join(example, "node_modules/@llm-platform/kit");
      mkdirSync(kit, { recursive: true });
      execFileSync("tar", ["-xzf", join(folder, tarball), "--strip-components=1", "-C", kit], {
        stdio: "pipe",
      });
      cpSync(join(root, "node_modules/@types"), join(example, "node_modules/@types"), {
        recursive: true,
        dereference: true,
      });
      cpSync(join(root, "node_modules/undici-types"), join(example, "node_modules/undici-types"), {
        recursive: true,
      });
      return [
        ...(await outputOfFailure(example, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."])),
        ...(await outputOfFailure(example, ["--test", "test.js"])),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function outputOfFailure(folder: string, args: readonly string[]): Promise<readonly string[]> {
  const { status, output } = await runScript(folder, args);
  return status === 0 ? [] : output.split("\n").slice(-30);
}
