import { spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findFreePort } from "../free-port.ts";
import { installSystemPackage, runInstaller } from "../install.ts";
import { buildFolder } from "../native.ts";
import { isOk, waitUntil } from "../ready.ts";
import { benchKey, benchModel, benchModels, type Contestant, gatewayCore, type Place } from "./contestant.ts";

const sourceFolder = fileURLToPath(new URL("../native/go-proxy/", import.meta.url));

/**
 * A gateway in Go with net/http and encoding/json, on one core: what a careful programmer gets who writes one without
 * other libraries. It does what this server must do for a call: key, whole body, model, forwarding, usage.
 */
export async function createGo(): Promise<Contestant> {
  const version = goVersion() ?? installGo();
  const program = await build();
  return {
    name: "go",
    version: `${version} (net/http, encoding/json, GOMAXPROCS=1)`,
    warmUpSeconds: 5,
    headers: () => [],
    start: (place) => start(program, place),
  };
}

async function start(program: string, { processes, folder, upstreamPort }: Place) {
  const port = await findFreePort();
  const flags = ["--port", String(port), "--upstream", `http://127.0.0.1:${upstreamPort}`];
  const running = processes.start({
    name: "go",
    cores: [gatewayCore],
    command: [program, ...flags, "--key", benchKey, "--models", benchModels.join(",")],
    env: { GOMAXPROCS: "1" },
    logFile: join(folder, "go.log"),
  });
  const url = `http://127.0.0.1:${port}/v1/models`;
  await waitUntil(running, () => isOk(url, { key: benchKey, mustContain: benchModel }));
  return { port, process: running };
}

async function build(): Promise<string> {
  await mkdir(buildFolder, { recursive: true });
  const program = join(buildFolder, "go-proxy");
  runInstaller(["go", "build", "-trimpath", "-o", program, "."], {
    cwd: sourceFolder,
    failure: "go could not build go-proxy",
    // It needs the standard library only; another toolchain than the one that is here would be loaded from the network.
    env: { GOTOOLCHAIN: "local", GOPROXY: "off" },
  });
  return program;
}

function goVersion(): string | undefined {
  const { status, stdout } = spawnSync("go", ["version"], { encoding: "utf8" });
  return status === 0 ? (/\bgo([\d.]+)/.exec(stdout)?.[1] ?? "unknown") : undefined;
}

function installGo(): string {
  installSystemPackage("golang-go");
  const version = goVersion();
  if (version === undefined) throw new Error("golang-go was installed, and yet there is no go");
  return version;
}
