import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  alertRuleFile,
  defaultRunbooksUrl,
  recordingRuleFile,
} from "../../../packages/server/src/telemetry/rules/rule-file.ts";
import { ask } from "../../e2e/http.ts";
import { openAiIntegration, type Platform, startPlatform } from "../../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream, type Fault } from "../../fakes/fake-upstream.ts";
import { startSlackEndpoint } from "../../fakes/slack-endpoint.ts";
import { type Prometheus, startPrometheus } from "../../services/prometheus.ts";

/** A platform that has something to show in every panel, under load, and a Prometheus that watches it. */
export interface BusyPlatform {
  readonly platform: Platform;
  readonly prometheus: Prometheus;
  /** Ends the load and all that was started. */
  stop(): Promise<void>;
}

const keys = { root: "root-key-0123456789", shop: "shop-key-0123456789", lab: "lab-key-0123456789" };
/** As often as the rules' five minutes are looked at here: an hour is a minute. */
const speed = 60;
/** Length of the wave that the load comes in. */
const waveMs = 60_000;

export async function startBusyPlatform({ scrapeMs }: { readonly scrapeMs: number }): Promise<BusyPlatform> {
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-dashboards-"));
  const own = await createFakeUpstream({
    dialect: "openai",
    models: ["llama-3.1-8b", "qwen-2.5-7b"],
    chunks: 12,
    firstTokenDelayMs: 60,
    tokenDelayMs: 12,
    keepRequests: 1,
  });
  const cloud = await createFakeUpstream({
    dialect: "openai",
    models: ["gpt-4o-mini"],
    chunks: 20,
    firstTokenDelayMs: 200,
    tokenDelayMs: 8,
    keepRequests: 1,
  });
  const slack = await startSlackEndpoint();
  slack.answerWith(500);
  const platform = await startPlatform({
    config: configOf(own, cloud, slack.webhook),
    env: { PATH: `${await makeDriver(folder)}${delimiter}${process.env["PATH"]}` },
  });
  await makeBudgets(platform);
  const rules = { runbooksUrl: defaultRunbooksUrl, speed };
  const prometheus = await startPrometheus({
    folder,
    target: `127.0.0.1:${platform.port}`,
    rules: [alertRuleFile(rules), recordingRuleFile(rules)],
    credentials: keys.root,
    scrapeMs,
  });
  const ending = new AbortController();
  const load = Promise.all([
    ...Array.from({ length: callers }, (_caller, index) => callOn(platform, index, ending.signal)),
    disturb({ platform, own, cloud, signal: ending.signal }),
  ]);
  return {
    platform,
    prometheus,
    async stop() {
      ending.abort();
      await load;
      await prometheus.stop();
      await platform.stop();
      await Promise.all([own.stop(), cloud.stop(), slack.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configOf(own: FakeUpstream, cloud: FakeUpstream, webhook: string) {
  return {
    auth: {
      api_keys: [
        { name: "root", key: keys.root, role: "admin" },
        { name: "shop", key: keys.shop },
        { name: "lab", key: keys.lab },
      ],
    },
    integrations: [
      openAiIntegration("vllm", own.origin),
      openAiIntegration("cloud", cloud.origin),
      { name: "local", use: "local", settings: {} },
      { name: "slack", settings: { webhook_url: webhook, channel: "#llm" } },
    ],
    routing: {
      routes: [
        { model: "assistant", targets: [{ model: "vllm/llama-3.1-8b" }], fallbacks: ["cloud/gpt-4o-mini"] },
      ],
    },
    prices: [
      { model: "llama-3.1-8b", input_per_million: 20, output_per_million: 60, currency: "EUR" },
      { model: "gpt-4o-mini", input_per_million: 150, output_per_million: 600, currency: "USD" },
    ],
    limits: { queue: { size: 512 } },
    gateway: { max_in_flight: 5, breaker: { open_seconds: 3 } },
    overload: { max_memory_bytes: 1_000_000_000 },
    alerts: { every_seconds: 5 },
  };
}

/** A folder with a driver's program that tells of two GPUs, as nvidia-smi does; its figures change with the clock. */
async function makeDriver(folder: string): Promise<string> {
  const bin = join(folder, "bin");
  await mkdir(bin);
  const program = join(bin, "nvidia-smi");
  await writeFile(
    program,
    `#!/bin/sh
s=$(($(date +%s) % 60))
echo "0, GPU-3a1, NVIDIA H100 80GB HBM3, 81559, $((61000 + s * 200)), $((40 + s)), $((50 + s / 4)), $((300 + s * 4)).50"
echo "1, GPU-7c2, NVIDIA H100 80GB HBM3, 81559, $((40000 + s * 80)), $((90 - s)), 47, $((520 - s * 3)).25"
`,
  );
  await chmod(program, 0o755);
  return bin;
}

const asRoot = { headers: { authorization: `Bearer ${keys.root}` } };

/** One that lasts, and one of a few calls. */
async function makeBudgets(platform: Platform): Promise<void> {
  for (const body of [
    { name: "all", scope: "global", amount_micros: 2_500_000, currency: "EUR", period: "month" },
    {
      name: "lab",
      scope: "key",
      subject: "config:lab",
      amount_micros: 40_000,
      currency: "EUR",
      period: "month",
    },
  ]) {
    const made = await ask(platform, "/api/v1/budgets", { ...asRoot, body });
    if (made.status !== 200) throw new Error(`no budget: ${made.text}`);
  }
}

const callers = 10;
const models = [
  "assistant",
  "vllm/qwen-2.5-7b",
  "assistant",
  "cloud/gpt-4o-mini",
  "assistant",
  "local/demo-chat",
];

/** Calls one after the other, in waves; two of ten are of the other key, and a few ask for what there is not. */
async function callOn(platform: Platform, index: number, signal: AbortSignal): Promise<void> {
  const key = index < 2 ? keys.lab : keys.shop;
  for (let count = index; !signal.aborted; count++) {
    const model = count % 40 === 7 ? "no-such-model" : (models[count % models.length] ?? "");
    const body = {
      model,
      messages: [{ role: "user", content: "What is the capital of France?" }],
      stream: count % 3 > 0,
      max_tokens: 24,
    };
    const answer = await ask(platform, "/v1/chat/completions", {
      body,
      headers: { authorization: `Bearer ${key}`, traceparent: traceOf(count) },
    }).catch(() => undefined);
    // Who is refused does not ask again at once.
    if (answer?.status === 429) await pause(2_000, signal);
    const wave = 1 + Math.sin((Date.now() / waveMs) * 2 * Math.PI);
    await pause(100 + 500 * wave, signal);
  }
}

/** One of sixteen is kept. */
function traceOf(count: number): string {
  const [trace, span] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
  return `00-${trace}-${span}-${count % 16 === 0 ? "01" : "00"}`;
}

interface Disturbance {
  readonly platform: Platform;
  readonly own: FakeUpstream;
  readonly cloud: FakeUpstream;
  readonly signal: AbortSignal;
}

/** By turns one upstream fails, both fail, streams are cut; at times operators do what they seldom do. */
async function disturb({ platform, own, cloud, signal }: Disturbance): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    if (turn % 4 === 0) await operate(platform);
    // What is in memory is loaded again by the next call.
    if (turn === 4) await post(platform, "/api/v1/models/unload", { model: "local/demo-chat" });
    cloud.script([{ kind: "reset-after-events", events: 3 }, ...failures(2)]);
    // Enough of them that the circuit opens.
    own.script(failures(turn % 4 === 0 ? 12 : 2));
    await pause(6_000, signal);
    await Promise.all([own.reset(), cloud.reset()]);
    await pause(2_000, signal);
  }
}

/** A test alert that nobody takes, and a restart. */
async function operate(platform: Platform): Promise<void> {
  await post(platform, "/api/v1/alerts/test", {});
  await post(platform, "/integrations/slack/restart", {});
}

function post(platform: Platform, path: string, body: object): Promise<unknown> {
  return ask(platform, path, { ...asRoot, method: "POST", body });
}

function failures(count: number): readonly Fault[] {
  return Array.from({ length: count }, () => ({ kind: "status", status: 500 }));
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}
