import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "../free-port.ts";
import { installSystemPackage } from "../install.ts";
import { isOk, waitUntil } from "../ready.ts";
import { benchKey, benchModel, type Contestant, gatewayCore, type Place } from "./contestant.ts";

/**
 * HAProxy as a plain reverse proxy: one thread, kept-alive connections on both sides, a key check by map, and streams
 * passed on as they come. A second floor beside nginx, so that one program's habits are not taken for the machine's.
 */
export function createHaproxy(): Contestant {
  const version = haproxyVersion() ?? installHaproxy();
  return { name: "haproxy", version, warmUpSeconds: 5, headers: () => [], start };
}

async function start({ processes, folder, upstreamPort }: Place) {
  const port = await findFreePort();
  const configFile = join(folder, "haproxy.cfg");
  const keyFile = join(folder, "keys.map");
  await writeFile(keyFile, `${benchKey} bench\n`);
  await writeFile(configFile, haproxyConfig({ port, upstreamPort, keyFile }));
  const running = processes.start({
    name: "haproxy",
    cores: [gatewayCore],
    command: ["haproxy", "-db", "-f", configFile],
    logFile: join(folder, "haproxy.log"),
  });
  const url = `http://127.0.0.1:${port}/v1/models`;
  await waitUntil(running, () => isOk(url, { key: benchKey, mustContain: benchModel }));
  return { port, process: running };
}

interface HaproxyParts {
  readonly port: number;
  readonly upstreamPort: number;
  readonly keyFile: string;
}

/** A connection takes two descriptors, and 20,000 are what a process may often have at most. */
function haproxyConfig({ port, upstreamPort, keyFile }: HaproxyParts): string {
  return `
global
  maxconn 8000
  nbthread 1
  log stdout format raw local0 warning
defaults
  mode http
  option http-no-delay
  http-reuse always
  timeout connect 10s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
frontend callers
  bind 127.0.0.1:${port} backlog 16384
  acl is_known_key req.hdr(Authorization),word(2,\\ ),map_str(${keyFile}) -m found
  http-request deny deny_status 401 unless is_known_key
  default_backend model_server
backend model_server
  server upstream 127.0.0.1:${upstreamPort} pool-max-conn -1 pool-purge-delay 600s
`;
}

function haproxyVersion(): string | undefined {
  const { status, stdout } = spawnSync("haproxy", ["-v"], { encoding: "utf8" });
  return status === 0 ? (/version ([\d.]+)/.exec(stdout)?.[1] ?? "unknown") : undefined;
}

function installHaproxy(): string {
  installSystemPackage("haproxy");
  const version = haproxyVersion();
  if (version === undefined)
    throw new Error("the package haproxy was installed, and yet there is no haproxy");
  return version;
}
