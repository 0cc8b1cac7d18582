#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `llmp needs Node 24.15 or newer; this is Node ${process.versions.node}. Install a newer one, or use \`npx llmp\` in the project's folder.\n`,
  );
  process.exit(2);
}
const { runCli } = await import("../dist/cli/main.js");
process.exitCode = await runCli(process.argv.slice(2));
