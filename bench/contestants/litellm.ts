import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "../free-port.ts";
import { installOnce, runInstaller } from "../install.ts";
import { isOk, waitUntil } from "../ready.ts";
import { benchKey, benchModel, type Contestant, gatewayCore, type Place } from "./contestant.ts";

const litellmVersion = "1.82.6";
/** It imports most of its libraries before it listens. */
const startTimeoutMs = 120_000;

/** What its command does; the command itself holds the path of the folder in which it was installed. */
const startScript = "from litellm import run_server; run_server()";

/** LiteLLM's proxy from PyPI: one worker, a master key, one model; installed once into an environment of its own. */
export async function createLitellm(): Promise<Contestant> {
  const folder = await installOnce(`litellm-${litellmVersion}`, installLitellm);
  return {
    name: "litellm",
    version: `${litellmVersion} (${readVersions(folder)})`,
    warmUpSeconds: 10,
    // Fifty calls at once take it about half a second.
    timesFactor: 4,
    headers: () => [],
    start: (place) => start(join(folder, "bin/python"), place),
  };
}

async function start(python: string, { processes, folder, upstreamPort }: Place) {
  const port = await findFreePort();
  const configFile = join(folder, "litellm.yaml");
  await writeFile(configFile, litellmConfig(upstreamPort));
  const listen = ["--host", "127.0.0.1", "--port", String(port), "--num_workers", "1"];
  const running = processes.start({
    name: "litellm",
    cores: [gatewayCore],
    command: [python, "-c", startScript, "--config", configFile, ...listen, "--telemetry", "False"],
    // As its guide for production has it, and without a call to the network for its price list.
    env: { LITELLM_LOG: "ERROR", LITELLM_MODE: "PRODUCTION", LITELLM_LOCAL_MODEL_COST_MAP: "True" },
    logFile: join(folder, "litellm.log"),
  });
  const url = `http://127.0.0.1:${port}/v1/models`;
  const isReady = () => isOk(url, { key: benchKey, mustContain: benchModel });
  await waitUntil(running, isReady, { timeoutMs: startTimeoutMs });
  return { port, process: running };
}

function litellmConfig(upstreamPort: number): string {
  return `
model_list:
  - model_name: ${benchModel}
    litellm_params:
      model: openai/${benchModel}
      api_base: http://127.0.0.1:${upstreamPort}/v1
      api_key: sk-upstream
general_settings:
  master_key: ${benchKey}
`;
}

async function installLitellm(folder: string): Promise<void> {
  const failure = `litellm ${litellmVersion} could not be installed by pip`;
  runInstaller(["python3", "-m", "venv", folder], {
    cwd: folder,
    failure: `${failure}: python3 -m venv fails (the package python3-venv may be missing)`,
  });
  const packages = [`litellm[proxy]==${litellmVersion}`];
  runInstaller(
    [
      join(folder, "bin/python"),
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      ...packages,
    ],
    { cwd: folder, failure },
  );
}

/** Its own version is pinned, those of its libraries are what pip chose, and they are most of its speed. */
function readVersions(folder: string): string {
  const script = `
import importlib.metadata as m, platform
print("Python " + platform.python_version(), *(n + " " + m.version(n) for n in ("fastapi", "uvicorn", "uvloop")), sep=", ")
`;
  const failure = "the installed litellm has no libraries";
  return runInstaller([join(folder, "bin/python"), "-c", script], { cwd: folder, failure }).trim();
}
