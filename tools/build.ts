import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { writeBundle } from "./bundle.ts";
import { writeConsole } from "./console-bundle.ts";

/** `npm run build`: types and modules by tsc, then the server's programs and the console as few files. */
const root = fileURLToPath(new URL("../", import.meta.url));
const compiled = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-b"], {
  cwd: root,
  stdio: "inherit",
});
if (compiled.status === 0) {
  await writeBundle(root);
  await writeConsole(root);
} else process.exitCode = compiled.status ?? 1;
