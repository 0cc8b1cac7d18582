import { spawnSync } from "node:child_process";

/** Builds, then becomes the server: Node's watch mode runs it again with every change. */
const built = spawnSync(process.execPath, ["tools/build.ts"], { stdio: "inherit" });
if (built.status === 0) await import("../../packages/server/bundle/main.js");
