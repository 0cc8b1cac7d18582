import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, homedir, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readMachine } from "./conditions.ts";
import { benchKey } from "./contestants/contestant.ts";
import { median } from "./figures.ts";
import { findFreePort } from "./free-port.ts";
import { keepFurther } from "./further.ts";
import { askAll, askFirst } from "./local-ask.ts";
import { createProcesses, type Processes } from "./processes.ts";
import { isOk, waitUntil } from "./ready.ts";
import { rewriteReport } from "./report.ts";
import { serverMain, startFlags } from "./repository.ts";

const usage = `node bench/local.ts [options]
  --model FILE   a model in the GGUF format (default gemma-3-270m-q4_k_m.gguf in ~/.cache/llm-platform/models)
  --rounds N     rounds that count (default 6)
  --tokens N     tokens of one reply (default 96)
  --threads N    threads of the model, here and there (default 2)
  --gpu          the model is on the GPU, here and there
  --name NAME    what the figures are kept as (default local), beside those of other names
Asks a model through the built server and through its library alone, in turns, and writes what the server costs, what
chats at once bring, and what a conversation spares into results.md.
`;

const benchFolder = fileURLToPath(new URL("./", import.meta.url));
const usualModel = join(homedir(), ".cache/llm-platform/models/gemma-3-270m-q4_k_m.gguf");
const chats = 8;
const contextTokens = 2_048;
/** About a thousand tokens that no tokenizer makes few of. */
const longText = Array.from({ length: 75 }, (_, index) => `Box ${index} holds ${index * 7} nails.`).join(" ");

/** What one way of asking gave: tokens of all replies, and the seconds from the first question to the last token. */
interface Spell {
  readonly tokens: number;
  readonly seconds: number;
}

interface Round {
  readonly direct: Spell;
  readonly single: Spell;
  readonly directMany: Spell;
  readonly many: Spell;
  readonly firstTurnMs: number;
  readonly secondTurnMs: number;
}

interface Setup {
  readonly modelPath: string;
  readonly tokens: number;
  readonly rounds: number;
  readonly threads: number;
  readonly gpu: "off" | "auto";
}

/** A prompt that every model goes on with for long, and that no cache knows. */
function toPrompt(round: number, chat: number): string {
  return `${round}${chat} list: ${Array.from({ length: 12 }, (_, index) => index + 1).join(", ")},`;
}

/** The library in a process of its own, which answers one question at a time. */
async function startDirect({ modelPath, threads, gpu }: Setup) {
  const script = fileURLToPath(new URL("./local-direct.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [script, modelPath, gpu, ...[contextTokens, chats, threads].map(String)],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Spell> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("the library's process ended");
    return JSON.parse(value);
  };
  await next();
  return {
    async ask(prompts: readonly string[], tokens: number): Promise<Spell> {
      child.stdin.write(`${JSON.stringify({ prompts, tokens })}\n`);
      return await next();
    },
    async stop() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

async function startServer(
  processes: Processes,
  folder: string,
  { modelPath, threads, gpu }: Setup,
): Promise<string> {
  const port = await findFreePort();
  const configFile = join(folder, "llm-platform.yaml");
  // JSON is YAML.
  const config = {
    data_dir: join(folder, "data"),
    server: { port },
    grpc: { enabled: false },
    auth: { api_keys: [{ name: "bench", key: benchKey, role: "admin" }] },
    integrations: [
      {
        name: "local",
        settings: {
          model_directories: [dirname(modelPath)],
          context_tokens: contextTokens,
          parallel: chats,
          threads,
          gpu,
          keep_alive_seconds: -1,
        },
      },
      { name: "ollama", enabled: false },
    ],
  };
  await writeFile(configFile, JSON.stringify(config));
  const running = processes.start({
    name: "llm-platform",
    cores: [...Array(availableParallelism()).keys()],
    command: [process.execPath, ...startFlags(), serverMain, "--config", configFile],
    logFile: join(folder, "llm-platform.log"),
    env: gpu === "off" ? {} : toGpuEnvironment(),
  });
  const url = `http://127.0.0.1:${port}`;
  await waitUntil(running, () =>
    isOk(`${url}/v1/models`, { key: benchKey, mustContain: toModel(modelPath) }),
  );
  return url;
}

/** Where the libraries and programs of a GPU are found on this machine. */
function toGpuEnvironment(): Readonly<Record<string, string>> {
  const { PATH = "", LD_LIBRARY_PATH = "" } = process.env;
  return { PATH, LD_LIBRARY_PATH };
}

function toModel(modelPath: string): string {
  return basename(modelPath, ".gguf");
}

/** Four spells one after the other, in an order that changes from round to round, and a conversation. */
async function measureRound(
  round: number,
  {
    direct,
    url,
    setup,
  }: {
    readonly direct: Awaited<ReturnType<typeof startDirect>>;
    readonly url: string;
    readonly setup: Setup;
  },
): Promise<Round> {
  const { tokens } = setup;
  const model = toModel(setup.modelPath);
  const prompts = Array.from({ length: chats }, (_, chat) => toPrompt(round, chat));
  const [one = ""] = prompts;
  const pair = async (asked: readonly string[]): Promise<readonly [direct: Spell, platform: Spell]> => {
    if (round % 2 === 0)
      return [await direct.ask(asked, tokens), await askAll({ url, model }, asked, tokens)];
    const platform = await askAll({ url, model }, asked, tokens);
    return [await direct.ask(asked, tokens), platform];
  };
  const [directOne, single] = await pair([one]);
  const [directMany, many] = await pair(prompts);
  const opening = { role: "user", content: `Round ${round}. ${longText} How many nails are there?` };
  const first = await askFirst({ url, model }, [opening]);
  const second = await askFirst({ url, model }, [
    opening,
    { role: "assistant", content: first.text },
    { role: "user", content: "And in the last box?" },
  ]);
  return {
    direct: directOne,
    single,
    directMany,
    many,
    firstTurnMs: first.firstMs,
    secondTurnMs: second.firstMs,
  };
}

function rate({ tokens, seconds }: Spell): number {
  return tokens / seconds;
}

function toRow(
  rounds: readonly Round[],
  [name, wanted]: readonly [name: string, wanted: string],
  figure: (round: Round) => number,
): readonly string[] {
  const figures = rounds.map(figure);
  const format = (value: number | undefined): string => (value ?? Number.NaN).toFixed(2);
  return [name, format(median(figures)), format(Math.min(...figures)), format(Math.max(...figures)), wanted];
}

function toRows(rounds: readonly Round[]): readonly (readonly string[])[] {
  const row = (name: string, wanted: string, figure: (round: Round) => number) =>
    toRow(rounds, [name, wanted], figure);
  return [
    row("tokens/s, one chat, the library alone", "", ({ direct }) => rate(direct)),
    row("tokens/s, one chat, through the server", "", ({ single }) => rate(single)),
    row("server ÷ library, one chat", "≥ 0.95", ({ direct, single }) => rate(single) / rate(direct)),
    row(`tokens/s, ${chats} chats, the library alone`, "", ({ directMany }) => rate(directMany)),
    row(`tokens/s, ${chats} chats, through the server`, "", ({ many }) => rate(many)),
    row(
      `${chats} chats ÷ one chat, the library alone`,
      "",
      ({ direct, directMany }) => rate(directMany) / rate(direct),
    ),
    row(
      `${chats} chats ÷ one chat, through the server`,
      "≥ 2.5",
      ({ single, many }) => rate(many) / rate(single),
    ),
    row("ms to the first token, first turn", "", ({ firstTurnMs }) => firstTurnMs),
    row("ms to the first token, second turn", "", ({ secondTurnMs }) => secondTurnMs),
    row("first turn ÷ second turn", "≥ 3", ({ firstTurnMs, secondTurnMs }) => firstTurnMs / secondTurnMs),
  ];
}

async function measure(setup: Setup, processes: Processes, folder: string): Promise<readonly Round[]> {
  const direct = await startDirect(setup);
  try {
    const url = await startServer(processes, folder, setup);
    const rounds: Round[] = [];
    for (let round = 0; round <= setup.rounds; round += 1) {
      const measured = await measureRound(round, { direct, url, setup });
      // The first one loads the model.
      if (round > 0) rounds.push(measured);
    }
    return rounds;
  } finally {
    await direct.stop();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: "string", default: usualModel },
      rounds: { type: "string", default: "6" },
      tokens: { type: "string", default: "96" },
      threads: { type: "string", default: "2" },
      gpu: { type: "boolean", default: false },
      name: { type: "string", default: "local" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  if (!existsSync(values.model))
    throw new Error(`There is no model at ${values.model}: see bench/README.md.`);
  const setup: Setup = {
    modelPath: values.model,
    tokens: Number(values.tokens),
    rounds: Number(values.rounds),
    threads: Number(values.threads),
    gpu: values.gpu ? "auto" : "off",
  };
  const conditions = await readMachine(new Date());
  const processes = createProcesses();
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-local-bench-"));
  try {
    const rounds = await measure(setup, processes, folder);
    await keepFurther(benchFolder, values.name, {
      title: setup.gpu === "off" ? "Local models" : "Local models on a GPU",
      note: `\`node bench/local.ts\`: ${basename(setup.modelPath)} with ${setup.threads} threads, greedy, ${setup.tokens} tokens a reply, ${rounds.length} rounds in which all ways are asked in turns; ratios within a round. Turns: of a conversation that begins with about 1,000 tokens.`,
      conditions,
      columns: ["what", "median", "least", "most", "wanted"],
      // Pages quote figures by the names of their rows.
      rows: toRows(rounds).map(([what = "", ...cells]) => [
        values.name === "local" ? what : `${values.name}: ${what}`,
        ...cells,
      ]),
    });
    process.stdout.write(`written to ${await rewriteReport(benchFolder)}\n`);
  } finally {
    await processes.stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
