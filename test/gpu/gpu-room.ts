import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { type GpuServer, startGpuServer } from "./gpu-server.ts";

// What happens where the memory of a GPU is short: two models take turns on it, and a model that does not fit is put there in
// part, or refused. `node test/gpu/gpu-room.ts --model FILE --hold COMMAND`; COMMAND takes all of the GPU's memory but what
// half of the model needs, prints a line once it has it, and ends with its input. Prints JSON; exit code 1 when something
// does not hold.

const turns = 6;

interface Loaded {
  readonly models: readonly {
    readonly id: string;
    readonly gpu: string | null;
    readonly gpu_layers: number | null;
    readonly gpu_memory_bytes: number | null;
  }[];
}

interface Setup {
  readonly main: string;
  readonly modelPath: string;
  readonly hold: string;
}

async function complete(server: GpuServer, model: string): Promise<number> {
  const startedAtMs = performance.now();
  await server.ask("POST", "/v1/completions", { model, prompt: "1, 2, 3,", max_tokens: 8, temperature: 0 });
  return Math.round(performance.now() - startedAtMs);
}

async function readLoaded(server: GpuServer): Promise<Loaded["models"]> {
  const { models }: Loaded = JSON.parse(await server.ask("GET", "/api/v1/models/loaded"));
  return models;
}

/** Two models of which one may be in memory, asked by turns. */
async function takeTurns({ main, modelPath }: Setup, folder: string): Promise<object> {
  for (const name of ["first", "second"]) await copyFile(modelPath, join(folder, `${name}.gguf`));
  const options = { main, modelPath: join(folder, "first.gguf"), gpu: "auto", parallel: 1 } as const;
  const server = await startGpuServer({ ...options, maxLoadedModels: 1 });
  try {
    const seen = [];
    for (let turn = 0; turn < turns; turn++) {
      const model = turn % 2 === 0 ? "first" : "second";
      seen.push({ model, ms: await complete(server, model), loaded: await readLoaded(server) });
    }
    return {
      name: "two models take turns on the GPU",
      isOk: seen.every(
        ({ model, loaded: [only, ...others] }) =>
          only?.id === model && only.gpu === "used" && others.length === 0,
      ),
      detail: seen,
    };
  } finally {
    await server.stop();
  }
}

/** A model that does not fit onto the GPU beside what others hold there. */
async function fillUp({ main, hold }: Setup, folder: string): Promise<readonly object[]> {
  const holder = spawn("/bin/sh", ["-c", hold], { stdio: ["pipe", "pipe", "inherit"] });
  const [held] = await once(createInterface({ input: holder.stdout }), "line");
  const server = await startGpuServer({
    main,
    modelPath: join(folder, "first.gguf"),
    gpu: "auto",
    parallel: 1,
  });
  try {
    const ms = await complete(server, "first");
    const loaded = await readLoaded(server);
    const layers = loaded[0]?.gpu_layers ?? 0;
    await server.ask("POST", "/api/v1/models/unload", { model: "first" });
    await server.ask("PATCH", "/api/v1/models/settings", {
      model: "second",
      settings: { gpu_layers: 1_000 },
    });
    const refusal = await complete(server, "second").then(
      () => "answered",
      (error: unknown) => String(error),
    );
    return [
      { name: "a model that does not fit is there in part", isOk: layers > 0, detail: { held, ms, loaded } },
      {
        name: "layers that do not fit are refused",
        isOk: refusal.includes("memory of the GPU"),
        detail: refusal,
      },
      {
        name: "the server answers on",
        isOk: (await complete(server, "first")) > 0,
        detail: await readLoaded(server),
      },
    ];
  } finally {
    await server.stop();
    holder.stdin.end();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: "string", default: "" },
      hold: { type: "string", default: "" },
      server: { type: "string", default: "packages/server/bundle/main.js" },
    },
  });
  const setup = { main: resolve(values.server), modelPath: resolve(values.model), hold: values.hold };
  const folder = await mkdtemp(join(tmpdir(), "gpu-room-"));
  try {
    const checks = [await takeTurns(setup, folder), ...(await fillUp(setup, folder))];
    process.stdout.write(`${JSON.stringify(checks, undefined, 2)}\n`);
    if (!checks.every((check) => "isOk" in check && check.isOk === true)) process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
