import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "../free-port.ts";
import { installSystemPackage } from "../install.ts";
import type { PinnedProcess, Processes, StartOptions } from "../processes.ts";
import { isOk, waitUntil } from "../ready.ts";
import { benchKey, benchModel, type Contestant, gatewayCore, type Place } from "./contestant.ts";

/**
 * nginx as a plain reverse proxy: one worker, kept-alive connections on both sides, and a key check by map.
 * It is the floor: what the kernel and a good C program take for the same bytes. Installed when root and missing.
 */
export function createNginx(): Contestant {
  return { name: "nginx", version: requireNginx(), headers: () => [], start };
}

async function start({ processes, folder, upstreamPort }: Place) {
  const port = await findFreePort();
  const process = await startNginx({
    processes,
    folder,
    cores: [gatewayCore],
    connections: 16_384,
    http: asProxy({ port, upstreamPort }),
  });
  const url = `http://127.0.0.1:${port}/v1/models`;
  await waitUntil(process, () => isOk(url, { key: benchKey, mustContain: benchModel }));
  return { port, process };
}

function asProxy({ port, upstreamPort }: Record<"port" | "upstreamPort", number>): string {
  return `
  client_body_buffer_size 256k;
  client_max_body_size 10m;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  map_hash_bucket_size 256;
  map $http_authorization $is_known_key { default 0; "Bearer ${benchKey}" 1; }
  upstream model_server {
    server 127.0.0.1:${upstreamPort};
    keepalive 512;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=16384;
    location / {
      if ($is_known_key = 0) { return 401; }
      proxy_pass http://model_server;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 600s;
    }
  }
`;
}

export interface NginxParts extends Pick<StartOptions, "cores"> {
  readonly processes: Processes;
  /** For what it writes. */
  readonly folder: string;
  readonly connections: number;
  /** What stands in its `http` block. */
  readonly http: string;
}

/** Starts one with one worker, and nothing of the machine's own configuration. */
export async function startNginx({
  processes,
  folder,
  cores,
  connections,
  http,
}: NginxParts): Promise<PinnedProcess> {
  const configFile = join(folder, "nginx.conf");
  await mkdir(join(folder, "temp"), { recursive: true });
  const asRoot = process.getuid?.() === 0 ? "user root;" : "";
  await writeFile(
    configFile,
    `
${asRoot}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections ${connections}; }
http {
  access_log off;
  client_body_temp_path ${folder}/temp/body;
  proxy_temp_path ${folder}/temp/proxy;
  fastcgi_temp_path ${folder}/temp/fastcgi;
  uwsgi_temp_path ${folder}/temp/uwsgi;
  scgi_temp_path ${folder}/temp/scgi;
${http}
}
`,
  );
  return processes.start({
    name: "nginx",
    cores,
    command: ["nginx", "-c", configFile, "-p", folder, "-e", join(folder, "error.log")],
    logFile: join(folder, "nginx.log"),
  });
}

/** Its version. Installed when root and missing. @throws Error that says what to install, where it cannot be installed. */
export function requireNginx(): string {
  return nginxVersion() ?? installNginx();
}

function nginxVersion(): string | undefined {
  const { status, stderr } = spawnSync("nginx", ["-v"], { encoding: "utf8" });
  return status === 0 ? (/nginx\/(\S+)/.exec(stderr)?.[1] ?? "unknown") : undefined;
}

function installNginx(): string {
  installSystemPackage("nginx-light");
  const version = nginxVersion();
  if (version === undefined) throw new Error("nginx-light was installed, and yet there is no nginx");
  return version;
}
