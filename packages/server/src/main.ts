#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `llm-platform needs Node 24.15 or newer; this is Node ${process.versions.node}. Use \`npm start\`, which brings one, or install it.\n`,
  );
  process.exit(2);
}
const { serve } = await import("./serve.ts");
process.exitCode = await serve(process.argv.slice(2));
