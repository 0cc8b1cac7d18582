import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** How the platform is to be. */
export type PlatformOptions = {
  /** The whole configuration as text, in place of `config`. `data_dir` and the port are set beside it. */
  readonly yaml?: string;
  /** The configuration as an object. `huggingface`, `local` and `ollama` are off unless it names them. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Added to the child's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of Node itself, for example `--import FILE`. */
  readonly nodeFlags?: readonly string[];
  /** A folder of state that outlives this life of the platform; it is not removed. Default: a new one. */
  readonly dataDirectory?: string;
};

/** One attempt as it stands in the ledger. */
export type LedgerRow = {
  readonly attemptId: string;
  readonly principal: string;
  readonly operation: string;
  readonly requestedModel: string;
  readonly integration: string;
  readonly upstreamModel: string;
  readonly stream: boolean;
  readonly outcome: string;
  readonly httpStatus: number | null;
  readonly errorCode: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly usageSource: string;
};

/** The built server in a process of its own. */
export type Platform = {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly dataDirectory: string;
  /** The id of the process. */
  readonly id: number;
  /** From the start of the process until its calls were taken, or it was known that a master key is missing. */
  readonly readyAfterMs: number;
  /** Everything that it wrote so far, standard error included. */
  log(): string;
  /** Settles with the first line so far or to come that matches. Rejects when the process ends first. */
  logLine(pattern: RegExp): Promise<string>;
  /**
   * The attempts in the ledger, oldest first; reads again whenever the ledger grew until it holds
   * that many of the request, or of all when no request is named.
   * Rejects when they are not there after five seconds.
   */
  ledgerRows(wanted: { readonly count: number; readonly requestId?: string }): Promise<readonly LedgerRow[]>;
  kill(signal: NodeJS.Signals): void;
  /** Settles with the exit code when the process is gone; null when a signal ended it. */
  readonly exit: Promise<number | null>;
  /** SIGTERM, and SIGKILL when that takes more than ten seconds; removes the folder. Settles with the exit code. */
  stop(): Promise<number | null>;
};

export const builtServer = fileURLToPath(new URL("../../packages/server/bundle/main.js", import.meta.url));

const startLimitMs = 30_000;
const stopLimitMs = 10_000;
const ledgerLimitMs = 5_000;

/** An integration that speaks OpenAI's API, as the configuration wants it. */
export function openAiIntegration(
  name: string,
  origin: string,
  more: Readonly<Record<string, unknown>> = {},
) {
  return { name, use: "openai-compatible", settings: { base_url: `${origin}/v1`, ...more } };
}

/** An integration that speaks Anthropic's API. */
export function anthropicIntegration(
  name: string,
  origin: string,
  more: Readonly<Record<string, unknown>> = {},
) {
  return { name, use: "anthropic", settings: { base_url: origin, api_key: "sk-ant-fake", ...more } };
}

/** An integration that speaks Ollama's API. */
export function ollamaIntegration(
  name: string,
  origin: string,
  more: Readonly<Record<string, unknown>> = {},
) {
  return { name, use: "ollama", settings: { base_url: origin, ...more } };
}

/** Starts the built server on a free port of the loopback. Rejects with its log when it does not come up. */
export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const directory = await mkdtemp(join(tmpdir(), "llm-platform-e2e-"));
  const dataDirectory = options.dataDirectory ?? join(directory, "data");
  // YAML is a superset of JSON: an object needs no writer of its own.
  const configFile = join(directory, "llm-platform.yaml");
  await writeFile(configFile, options.yaml ?? JSON.stringify(withDefaults(options.config ?? {})));
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, [...(options.nodeFlags ?? []), builtServer, "--config", configFile], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: directory,
    env: {
      PATH: process.env["PATH"],
      HOME: directory,
      LLM_PLATFORM_DATA_DIR: dataDirectory,
      LLM_PLATFORM_SERVER__PORT: "0",
      LLM_PLATFORM_LOG__FORMAT: "json",
      // So that one variable runs every test on the other lane, or with workers.
      LLM_PLATFORM_SERVER__FAST_LANE: process.env["LLM_PLATFORM_SERVER__FAST_LANE"] ?? "true",
      LLM_PLATFORM_SERVER__WORKERS: process.env["LLM_PLATFORM_SERVER__WORKERS"] ?? "0",
      ...options.env,
    },
  });
  const exit = once(child, "exit").then(([code]: (number | null)[]) => code ?? null);
  atEndOfTest(async () => {
    child.kill("SIGKILL");
    await exit;
    await rm(directory, { recursive: true, force: true });
  });
  const output = readOutput(child);
  const url = await readUrl(output, child);
  const readyAfterMs = performance.now() - startedAtMs;
  return {
    url,
    port: Number(new URL(url).port),
    dataDirectory,
    id: child.pid ?? 0,
    readyAfterMs,
    log: output.text,
    logLine: output.line,
    ledgerRows: (wanted) => waitForRows(url, join(dataDirectory, "platform.db"), wanted),
    kill: (signal) => void child.kill(signal),
    exit,
    stop: async () => {
      child.kill("SIGTERM");
      const killing = setTimeout(() => child.kill("SIGKILL"), stopLimitMs);
      const code = await exit;
      clearTimeout(killing);
      await rm(directory, { recursive: true, force: true });
      return code;
    },
  };
}

/** A test that fails before its `stop` must not leave a server behind. What a hook started, the file's own hook stops. */
function atEndOfTest(clear: () => Promise<void>): void {
  try {
    onTestFinished(clear);
  } catch {
    // Outside of a test there is no end of one to wait for.
  }
}

function withDefaults(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const listed = Array.isArray(config["integrations"]) ? config["integrations"] : [];
  const names = new Set(listed.map((entry: { readonly name?: unknown }) => entry.name));
  const off = ["huggingface", "local", "ollama"]
    .filter((name) => !names.has(name))
    .map((name) => ({ name, enabled: false }));
  return { ...config, integrations: [...listed, ...off] };
}

type Output = { text(): string; line(pattern: RegExp): Promise<string> };

/** Keeps what the process writes, line by line. */
function readOutput(child: ChildProcess): Output {
  const lines: string[] = [];
  const waiters = new Set<() => void>();
  const state = { isOver: false };
  const wakeAll = () => {
    for (const wake of waiters) wake();
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      wakeAll();
    });
  }
  child.once("close", () => {
    state.isOver = true;
    wakeAll();
  });
  return {
    text: () => lines.join("\n"),
    line: (pattern) => {
      const found = Promise.withResolvers<string>();
      const check = () => {
        const line = lines.find((each) => pattern.test(each));
        if (line !== undefined) found.resolve(line);
        else if (state.isOver)
          found.reject(new Error(`the server ended before ${pattern} came:\n${lines.join("\n")}`));
        else return;
        waiters.delete(check);
      };
      waiters.add(check);
      check();
      return found.promise;
    },
  };
}

async function readUrl(output: Output, child: ChildProcess): Promise<string> {
  const late = setTimeout(() => child.kill("SIGKILL"), startLimitMs);
  try {
    const line = await output.line(/"event":"platform\.(?:started|sealed)"/);
    const found = /"url":"([^"]+)"/.exec(line)?.[1];
    if (found === undefined) throw new Error(`the start was told without an address: ${line}`);
    return found;
  } finally {
    clearTimeout(late);
  }
}

/** Each question over HTTP is what lets time pass between two looks at the ledger. */
async function waitForRows(
  url: string,
  path: string,
  { count, requestId }: { readonly count: number; readonly requestId?: string },
): Promise<readonly LedgerRow[]> {
  const untilMs = performance.now() + ledgerLimitMs;
  for (;;) {
    const rows = readRows(path).filter(
      ({ attemptId }) => requestId === undefined || attemptId.startsWith(`${requestId}.`),
    );
    if (rows.length >= count) return rows;
    if (performance.now() > untilMs) {
      throw new Error(
        `the ledger has ${rows.length} rows, not ${count}, of ${requestId ?? "all requests"}: ${JSON.stringify(rows)}`,
      );
    }
    await fetch(`${url}/livez`).then(
      (response) => response.arrayBuffer(),
      () => undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, ledgerLookMs));
  }
}

/** Records wait in the spool for this long at least before they are moved into the ledger. */
const ledgerLookMs = 20;

/** Opened anew each time: a reader that stays would hold the log of the database. */
function readRows(path: string): readonly LedgerRow[] {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    return database.prepare("SELECT * FROM usage_ledger ORDER BY id").all().map(toRow);
  } finally {
    database.close();
  }
}

type Columns = Readonly<Record<string, unknown>>;

function toRow(columns: Columns): LedgerRow {
  return {
    attemptId: String(columns["attempt_id"]),
    principal: String(columns["principal"]),
    operation: String(columns["operation"]),
    requestedModel: String(columns["requested_model"]),
    integration: String(columns["integration"]),
    upstreamModel: String(columns["upstream_model"]),
    stream: columns["stream"] === 1,
    outcome: String(columns["outcome"]),
    httpStatus: numberOf(columns["http_status"]),
    errorCode: textOf(columns["error_code"]),
    inputTokens: numberOf(columns["input_tokens"]),
    outputTokens: numberOf(columns["output_tokens"]),
    usageSource: String(columns["usage_source"]),
  };
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
