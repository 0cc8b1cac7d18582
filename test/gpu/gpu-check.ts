import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type GpuServer, startGpuServer } from "./gpu-server.ts";

// Local models on a GPU, on a machine that has one: `node test/gpu/gpu-check.ts --model FILE`, on Linux with an NVIDIA card
// and `@node-llama-cpp/linux-x64-cuda` beside node-llama-cpp. Prints JSON; ends with exit code 1 when something does not hold.

const usage = `node test/gpu/gpu-check.ts --model FILE [options]
  --server FILE  the built server (default packages/server/bundle/main.js)
  --tokens N     tokens of one reply (default 200)
  --chats N      chats at once (default 8)
`;

/** Gauges of GPUs are read anew every 15 seconds. */
const gaugeLimitMs = 60_000;
/** So many tokens must be the same; later ones may part, for sums of floats depend on their order. */
const sameCharacters = 40;

/** The gauge is read later than what was measured at the load. */
const sameBytes = 64 * 1024 * 1024;

interface Check {
  readonly name: string;
  readonly isOk: boolean;
  readonly detail: unknown;
}

interface Spell {
  readonly text: string;
  readonly tokensPerSecond: number;
}

interface Setup {
  readonly main: string;
  readonly modelPath: string;
  readonly tokens: number;
  readonly chats: number;
}

function toModel({ modelPath }: Setup): string {
  return basename(modelPath, ".gguf");
}

async function complete(
  server: GpuServer,
  setup: Setup,
  chat: number,
): Promise<{ text: string; tokens: number }> {
  const body = {
    model: toModel(setup),
    prompt: `${chat} list: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,`,
    max_tokens: setup.tokens,
    temperature: 0,
  };
  const answer: { choices: [{ text: string }]; usage: { completion_tokens: number } } = JSON.parse(
    await server.ask("POST", "/v1/completions", body),
  );
  return { text: answer.choices[0].text, tokens: answer.usage.completion_tokens };
}

/** So many replies at once. */
async function time(server: GpuServer, setup: Setup, chats: number): Promise<Spell> {
  const startedAtMs = performance.now();
  const replies = await Promise.all(
    Array.from({ length: chats }, async (_, chat) => await complete(server, setup, chat)),
  );
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const tokens = replies.reduce((sum, reply) => sum + reply.tokens, 0);
  return { text: replies[0]?.text ?? "", tokensPerSecond: Math.round(tokens / seconds) };
}

async function speeds(
  server: GpuServer,
  setup: Setup,
): Promise<{ readonly one: Spell; readonly many: Spell }> {
  // The first call makes what is made once.
  await time(server, setup, 1);
  return { one: await time(server, setup, 1), many: await time(server, setup, setup.chats) };
}

/** Bytes in use on all GPUs; undefined while the gauge is not there. */
async function usedBytes(server: GpuServer): Promise<number | undefined> {
  const lines = (await server.ask("GET", "/metrics"))
    .split("\n")
    .filter((line) => line.startsWith("llm_gpu_memory_usage_bytes{"));
  if (lines.length === 0) return undefined;
  return lines.reduce((sum, line) => sum + Number(line.split(" ")[1]), 0);
}

/** What the gauge shows once it is as wanted, or when the time for that is over. */
async function awaitUsed(server: GpuServer, isWanted: (bytes: number) => boolean): Promise<number> {
  const untilMs = performance.now() + gaugeLimitMs;
  for (;;) {
    const bytes = await usedBytes(server);
    if (bytes !== undefined && isWanted(bytes)) return bytes;
    if (performance.now() > untilMs) return bytes ?? Number.NaN;
    await wait(500);
  }
}

interface LoadedModel {
  readonly gpu: string | null;
  readonly gpu_layers: number | null;
  readonly gpu_memory_bytes: number | null;
}

interface Loaded {
  readonly models: readonly LoadedModel[];
  readonly gpus: readonly { readonly name: string }[];
}

const nothingLoaded: LoadedModel = { gpu: null, gpu_layers: null, gpu_memory_bytes: null };

interface GpuFindings {
  readonly checks: readonly Check[];
  readonly one: Spell;
  readonly many: Spell;
}

async function examineGpu(server: GpuServer, setup: Setup): Promise<GpuFindings> {
  const model = toModel(setup);
  const halfBytes = statSync(setup.modelPath).size / 2;
  const emptyBytes = await awaitUsed(server, () => true);
  const startedAtMs = performance.now();
  await server.ask("POST", "/api/v1/models/load", { model });
  const loadSeconds = (performance.now() - startedAtMs) / 1_000;
  const fullBytes = await awaitUsed(server, (bytes) => bytes > emptyBytes + halfBytes);
  const loaded: Loaded = JSON.parse(await server.ask("GET", "/api/v1/models/loaded"));
  const [{ gpu, gpu_layers: layers, gpu_memory_bytes: measuredBytes } = nothingLoaded] = loaded.models;
  const { one, many } = await speeds(server, setup);
  await server.ask("POST", "/api/v1/models/unload", { model });
  const leftBytes = await awaitUsed(server, (bytes) => bytes < fullBytes - halfBytes);
  return {
    one,
    many,
    checks: [
      { name: "a GPU is found", isOk: loaded.gpus.length > 0, detail: loaded.gpus },
      {
        name: "the model is said to be on it, and seen there",
        isOk: gpu === "used" && (layers ?? 0) > 0 && (measuredBytes ?? 0) > halfBytes,
        detail: { loadSeconds, models: loaded.models },
      },
      {
        name: "what it is said to take is what the driver's figure grew by",
        isOk: Math.abs((measuredBytes ?? 0) - (fullBytes - emptyBytes)) < sameBytes,
        detail: { measuredBytes, grownBytes: fullBytes - emptyBytes },
      },
      {
        name: "its memory grows on load",
        isOk: fullBytes > emptyBytes + halfBytes,
        detail: { emptyBytes, fullBytes },
      },
      { name: "its memory falls on unload", isOk: leftBytes < fullBytes - halfBytes, detail: { leftBytes } },
    ],
  };
}

async function withServer<Result>(
  setup: Setup,
  gpu: "off" | "auto",
  use: (server: GpuServer) => Promise<Result>,
): Promise<Result> {
  const server = await startGpuServer({ ...setup, gpu, parallel: setup.chats });
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: "string" },
      server: { type: "string", default: "packages/server/bundle/main.js" },
      tokens: { type: "string", default: "200" },
      chats: { type: "string", default: "8" },
    },
  });
  if (values.model === undefined) {
    process.stderr.write(usage);
    process.exitCode = 2;
    return;
  }
  const setup = {
    main: resolve(values.server),
    modelPath: resolve(values.model),
    tokens: Number(values.tokens),
    chats: Number(values.chats),
  };
  const onGpu = await withServer(setup, "auto", async (server) => await examineGpu(server, setup));
  const onCpu = await withServer(setup, "off", async (server) => await speeds(server, setup));
  const start = (spell: Spell): string => spell.text.slice(0, sameCharacters);
  const checks: readonly Check[] = [
    ...onGpu.checks,
    {
      name: "it answers as the processor does",
      isOk: start(onGpu.one) === start(onCpu.one) && start(onGpu.one) !== "",
      detail: [start(onGpu.one), start(onCpu.one)],
    },
  ];
  const tokensPerSecond = {
    gpu: { one: onGpu.one.tokensPerSecond, [`chats_${setup.chats}`]: onGpu.many.tokensPerSecond },
    cpu: { one: onCpu.one.tokensPerSecond, [`chats_${setup.chats}`]: onCpu.many.tokensPerSecond },
  };
  process.stdout.write(
    `${JSON.stringify({ model: toModel(setup), tokensPerSecond, checks }, undefined, 2)}\n`,
  );
  if (!checks.every(({ isOk }) => isOk)) process.exitCode = 1;
}

await main();
