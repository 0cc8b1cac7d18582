import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

const key = "sk-gpu-check-0000000000000000000000000000";
const startLimitMs = 60_000;

/** A built server whose local models are on the GPU, or not. */
export interface GpuServer {
  /** Asks its API. Throws with the answer when it is no success. */
  ask(method: "GET" | "POST" | "PATCH", path: string, body?: object): Promise<string>;
  stop(): Promise<void>;
}

export interface GpuServerOptions {
  /** The server's entry file. */
  readonly main: string;
  readonly modelPath: string;
  readonly gpu: "off" | "auto";
  /** Calls that the model generates at once. */
  readonly parallel: number;
  /** Models in memory at once; default 3. */
  readonly maxLoadedModels?: number;
}

/** Needs nothing but Node, so that it runs where only the built server was brought. */
export async function startGpuServer(options: GpuServerOptions): Promise<GpuServer> {
  const folder = await mkdtemp(join(tmpdir(), "gpu-check-"));
  const configFile = join(folder, "llm-platform.yaml");
  const local = {
    model_directories: [dirname(options.modelPath)],
    gpu: options.gpu,
    parallel: options.parallel,
    keep_alive_seconds: -1,
    max_loaded_models: options.maxLoadedModels ?? 3,
  };
  // JSON is YAML.
  const config = {
    data_dir: join(folder, "data"),
    server: { port: 0 },
    log: { format: "json" },
    grpc: { enabled: false },
    auth: { api_keys: [{ name: "gpu-check", key, role: "admin" }] },
    integrations: [
      { name: "local", settings: local },
      { name: "ollama", enabled: false },
    ],
  };
  await writeFile(configFile, JSON.stringify(config));
  const child = spawn(process.execPath, [options.main, "--config", configFile], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: folder,
  });
  const url = await readUrl(child);
  return {
    async ask(method, path, body) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text;
    },
    async stop() {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The address that the server tells once it listens; all else that it tells is shown where it matters here. */
async function readUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the server's output is not read");
  const lines = createInterface({ input: child.stdout });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error("the server does not start")), startLimitMs);
  child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  lines.on("line", (line) => {
    if (/"event":"(?:model\.|engine\.)|"level":"error"/.test(line)) process.stderr.write(`${line}\n`);
    const url = /"url":"([^"]+)".*"event":"platform\.started"/.exec(line)?.[1];
    if (url !== undefined) resolve(url);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
