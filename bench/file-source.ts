import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { requireNginx } from "./contestants/nginx.ts";
import { findFreePort } from "./free-port.ts";
import type { Processes } from "./processes.ts";
import { isOk, waitUntil } from "./ready.ts";

/**
 * Serves the files under a folder by nginx, from the page cache without copying them. In life they come from another
 * machine: here it shares the processors with what is measured, and should take as little of them as can be.
 * @returns its origin
 */
export async function startFileSource(processes: Processes, folder: string): Promise<string> {
  requireNginx();
  const port = await findFreePort();
  const own = join(folder, "nginx");
  const root = join(folder, "root");
  await mkdir(own, { recursive: true });
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "ready"), "yes");
  const configFile = join(own, "nginx.conf");
  await writeFile(configFile, nginxConfig({ port, own, root }));
  const process = processes.start({
    name: "nginx",
    cores: [0, 1],
    command: ["nginx", "-c", configFile, "-p", own, "-e", join(own, "error.log")],
    logFile: join(own, "nginx.log"),
  });
  const origin = `http://127.0.0.1:${port}`;
  await waitUntil(process, () => isOk(`${origin}/ready`, { mustContain: "yes" }));
  return origin;
}

function nginxConfig({
  port,
  own,
  root,
}: Record<"own" | "root", string> & { readonly port: number }): string {
  const asRoot = process.getuid?.() === 0 ? "user root;" : "";
  return `
${asRoot}
daemon off;
worker_processes 1;
pid ${own}/nginx.pid;
error_log ${own}/error.log warn;
events {}
http {
  access_log off;
  client_body_temp_path ${own}/body;
  proxy_temp_path ${own}/proxy;
  fastcgi_temp_path ${own}/fastcgi;
  uwsgi_temp_path ${own}/uwsgi;
  scgi_temp_path ${own}/scgi;
  sendfile on;
  tcp_nopush on;
  server {
    listen 127.0.0.1:${port};
    root ${root};
  }
}
`;
}
