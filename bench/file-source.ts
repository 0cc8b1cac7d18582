import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gatewayCore } from "./contestants/contestant.ts";
import { requireNginx, startNginx } from "./contestants/nginx.ts";
import { findFreePort } from "./free-port.ts";
import { loadCore } from "./load.ts";
import type { Processes } from "./processes.ts";
import { isOk, waitUntil } from "./ready.ts";

/**
 * Serves the files under a folder's `root` by nginx, from the page cache without copying them. In life they come from another
 * machine: here it shares the processors with what is measured, and should take as little of them as can be.
 * @returns its origin
 */
export async function startFileSource(processes: Processes, folder: string): Promise<string> {
  requireNginx();
  const port = await findFreePort();
  const root = join(folder, "root");
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "ready"), "yes");
  const process = await startNginx({
    processes,
    folder,
    cores: [gatewayCore, loadCore],
    connections: 512,
    http: `
  sendfile on;
  tcp_nopush on;
  server {
    listen 127.0.0.1:${port};
    root ${root};
  }`,
  });
  const origin = `http://127.0.0.1:${port}`;
  await waitUntil(process, () => isOk(`${origin}/ready`, { mustContain: "yes" }));
  return origin;
}
