#!/usr/bin/env node
import module from "node:module";
import { fileURLToPath } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `llm-platform needs Node 24.15 or newer; this is Node ${process.versions.node}. Use \`npm start\`, which brings one, or install it.\n`,
  );
  process.exit(2);
}
// What V8 has compiled is kept beside the code, where only those may write who could change the code itself. Where
// nobody may, as in an image, each start compiles anew.
module.enableCompileCache(fileURLToPath(new URL("./.compile-cache/", import.meta.url)));
const { runCommand } = await import("./commands.ts");
const exitCode = await runCommand(process.argv.slice(2));
// A start that failed may leave a timer or a thread of what had begun. Whoever watches over the process waits for its end.
if (exitCode !== 0) process.exit(exitCode);
