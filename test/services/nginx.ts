import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "../../bench/free-port.ts";
import { findService } from "../../tools/services.ts";

/** A real nginx that hands calls to servers in turn. */
export type Nginx = {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** From now on hands new calls to these alone; those in flight go on where they are. */
  useServers(ports: readonly number[]): Promise<void>;
  stop(): Promise<void>;
};

/** What is commonly wrong in the configuration of a proxy. */
export type NginxFaults = {
  /** It does not hand on what makes a WebSocket. */
  readonly refusesUpgrades?: boolean;
  /** It collects replies before it hands them on, also those that ask for the contrary. */
  readonly holdsReplies?: boolean;
};

/** Where nginx is; undefined on a machine without one. */
export const nginxProgram = findService("nginx");

const startLimitMs = 5_000;

/**
 * Starts nginx in front of servers on the loopback. A server that cannot be connected to is left out for a second, and
 * what it was sent is not sent to another: only a call that no server has seen is.
 */
export async function startNginx(ports: readonly number[], faults: NginxFaults = {}): Promise<Nginx> {
  if (nginxProgram === undefined) throw new Error("nginx is not installed");
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-nginx-"));
  const port = await findFreePort();
  await mkdir(join(folder, "temp"));
  const file = join(folder, "nginx.conf");
  await writeFile(file, config({ folder, port, ports, faults }));
  const child = spawn(nginxProgram, ["-c", file, "-p", folder, "-e", join(folder, "error.log")], {
    stdio: "ignore",
  });
  const gone = once(child, "exit");
  const onExit = () => void child.kill("SIGKILL");
  process.once("exit", onExit);
  const url = `http://127.0.0.1:${port}`;
  await untilAnswered(`${url}/livez`);
  return {
    url,
    port,
    async useServers(others) {
      await writeFile(file, config({ folder, port, ports: others, faults }));
      child.kill("SIGHUP");
    },
    async stop() {
      child.kill("SIGTERM");
      await gone;
      process.off("exit", onExit);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilAnswered(url: string): Promise<void> {
  const untilMs = performance.now() + startLimitMs;
  for (;;) {
    const status = await fetch(url).then(
      ({ status: found }) => found,
      () => 0,
    );
    if (status === 200) return;
    if (performance.now() > untilMs) throw new Error(`nginx did not answer ${url} in time: ${status}`);
    await sleep(20);
  }
}

type ConfigParts = {
  readonly folder: string;
  readonly port: number;
  readonly ports: readonly number[];
  readonly faults: NginxFaults;
};

function config({ folder, port, ports, faults }: ConfigParts): string {
  const servers = ports.map((each) => `server 127.0.0.1:${each} max_fails=1 fail_timeout=1s;`).join(" ");
  return `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
worker_rlimit_nofile 65536;
events { worker_connections 16384; }
http {
  access_log off;
  # A connection to a server is kept, unless the client asks for another protocol on it.
  map $http_upgrade $connection_to_server { default upgrade; "" ""; }
  client_body_temp_path ${folder}/temp/body;
  proxy_temp_path ${folder}/temp/proxy;
  fastcgi_temp_path ${folder}/temp/fastcgi;
  uwsgi_temp_path ${folder}/temp/uwsgi;
  scgi_temp_path ${folder}/temp/scgi;
  upstream replicas { ${servers} keepalive 64; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://replicas;
      proxy_http_version 1.1;
      ${faults.refusesUpgrades ? 'proxy_set_header Connection "";' : "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_to_server;"}
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_buffering off;
    }
    ${faults.holdsReplies ? holdingLocation : ""}
  }
}
`;
}

/** What nginx does with a place of which nothing but the server is said, but for what the server asks of it. */
const holdingLocation =
  "location /v1/ { proxy_pass http://replicas; proxy_set_header Host $host; proxy_ignore_headers X-Accel-Buffering; proxy_buffers 8 64k; proxy_buffer_size 64k; proxy_busy_buffers_size 128k; }";
