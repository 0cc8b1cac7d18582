import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type CliOptions, type CliResult, runLlmp } from "./cli-process.ts";
import { member } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const apiKey = "a-key-of-the-team-0123456789";
/** A port of the loopback that nothing listens on: the system gives out no port below 1024. */
const nobodyUrl = "http://127.0.0.1:9";

let platform: Platform;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  platform = await startPlatform({
    config: {
      auth: { api_keys: [{ name: "team", key: apiKey, role: "admin" }] },
      integrations: [{ name: "local", use: "local" }, openAiIntegration("office", upstream.origin)],
    },
  });
});

afterAll(async () => {
  await platform?.stop();
  await upstream?.stop();
});

/** Runs `llmp` against the platform with its key. */
function llmp(args: readonly string[], { env, ...options }: CliOptions = {}): Promise<CliResult> {
  return runLlmp(args, {
    ...options,
    env: { LLM_PLATFORM_URL: platform.url, LLM_PLATFORM_API_KEY: apiKey, ...env },
  });
}

async function llmpJson(args: readonly string[]): Promise<unknown> {
  const { exitCode, stdout, stderr } = await llmp([...args, "-o", "json"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe("what llmp shows", () => {
  test("version", async () => {
    const { exitCode, stdout } = await llmp(["version"]);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^llmp \d+\.\d+\.\d+\n$/),
    });
    expect(await llmpJson(["version"])).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      node: process.version,
    });
  });

  test("models list names every model with its integration", async () => {
    const { exitCode, stdout } = await llmp(["models", "list"]);
    expect(exitCode).toBe(0);
    const [head, ...rows] = stdout.trimEnd().split("\n");
    expect(head).toMatch(/^MODEL +INTEGRATION +OPERATIONS +CONTEXT +SIZE$/);
    expect(rows.find((row) => row.startsWith("demo-chat "))).toMatch(/ local .*chat.* MB$/);
    expect(rows.find((row) => row.startsWith("tiny-chat "))).toMatch(/ office /);
    expect(await llmpJson(["models", "list"])).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: "demo-chat", integration: "local" })]),
    );
  });

  test("models show tells what is known about one", async () => {
    const { exitCode, stdout } = await llmp(["models", "show", "demo-chat"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^id +demo-chat$/m);
    expect(await llmpJson(["models", "show", "demo-chat"])).toMatchObject({
      model: { id: "demo-chat", integration: "local" },
      details: expect.any(Object),
    });
  });

  test("a model that is loaded is in ps until it is unloaded", async () => {
    expect(await llmp(["models", "load", "demo-embed"])).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "demo-embed is loaded\n",
    });
    expect((await llmp(["ps"])).stdout).toMatch(/^demo-embed +local +[\d.]+ MB/m);
    expect(await llmpJson(["ps"])).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: "demo-embed", memory_bytes: expect.any(Number) }),
      ]),
    );
    expect(await llmpJson(["models", "unload", "demo-embed"])).toEqual({
      model: "demo-embed",
      status: "unloaded",
    });
    expect((await llmp(["ps"])).stdout).not.toContain("demo-embed");
  });

  test("integrations list, status and restart", async () => {
    const { stdout } = await llmp(["integrations", "list"]);
    expect(stdout).toMatch(/^office +model_platform +running$/m);
    expect(stdout).toMatch(/^ollama +model_platform +disabled/m);
    const before = await llmpJson(["integrations", "status", "office"]);
    expect(before).toMatchObject({ name: "office", state: "running", restarts: { total: 0 } });
    expect(await llmpJson(["integrations", "restart", "office"])).toMatchObject({
      name: "office",
      state: expect.stringMatching(/^(starting|running)$/),
    });
    expect((await llmp(["integrations", "status", "office"])).stdout).toMatch(
      /^office +model_platform +running/m,
    );
  });

  test("routes create, update and rm", async () => {
    const made = await llmpJson(["routes", "create", "assistant", "--to", "office/tiny-chat=3"]);
    expect(made).toMatchObject({ kind: "route", targets: [{ model: "office/tiny-chat", weight: 3 }] });
    expect((await llmp(["routes"])).stdout).toMatch(/^assistant +route +ready +office\/tiny-chat \(100%\)/m);
    const changed = await llmp(["routes", "update", "assistant", "--alias-of", "office/tiny-chat"]);
    expect(changed.stdout).toMatch(/^assistant +alias +ready +office\/tiny-chat: /m);
    const late = await llmp(["routes", "rm", "assistant", "--if-version", String(member(made, "version"))]);
    expect(late.exitCode).toBe(1);
    expect(await llmpJson(["routes", "rm", "assistant"])).toEqual({ model: "assistant" });
  });

  test("integrations kinds, test, add and rm", async () => {
    expect((await llmp(["integrations", "kinds"])).stdout).toMatch(/^openai-compatible +model_platform +\S/m);
    const what = ["extra", "--kind", "openai-compatible", `base_url=${upstream.origin}/v1`];
    const dead = ["extra", "--kind", "openai-compatible", "base_url=http://127.0.0.1:9/v1"];
    const refused = await llmp(["integrations", "add", ...dead]);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("address") });
    const settings = JSON.stringify({ base_url: `${upstream.origin}/v1` });
    const trial = ["integrations", "test", "extra", "--kind", "openai-compatible", "--settings-file", "-"];
    expect((await llmp(trial, { input: settings })).stdout).toMatch(/^extra +ok +\d+ ms +2/m);
    expect((await llmp(["integrations", "add", ...what])).stdout).toMatch(/^extra +model_platform +running/m);
    expect(await llmp(["integrations", "add", ...what])).toMatchObject({ exitCode: 1 });
    expect(await llmpJson(["integrations", "rm", "extra", "--remove-data"])).toEqual({
      name: "extra",
      dependents: [],
      routes: [],
      budgets: [],
    });
    expect(await llmp(["integrations", "rm", "office"])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("configuration file"),
    });
    expect((await llmp(["integrations", "add", ...dead, "--untested"])).stdout).toMatch(/^extra /m);
    expect((await llmp(["integrations", "rm", "extra"])).exitCode).toBe(0);
  });
});

describe("llmp run", () => {
  test("streams the answer to the words behind the model", async () => {
    expect(await llmp(["run", "tiny-chat", "green", "robots"])).toEqual({
      exitCode: 0,
      stdout: "echo: green robots\n",
      stderr: "",
    });
    const asked = upstream.requests.findLast(({ path }) => path === "/v1/chat/completions");
    expect(JSON.parse(asked?.bodyText ?? "")).toMatchObject({ stream: true });
  });

  test("takes the prompt from standard input, and a system message", async () => {
    const result = await llmp(["run", "tiny-chat", "--system", "Be brief."], { input: "like tea\n" });
    expect(result).toEqual({ exitCode: 0, stdout: "echo: like tea\n", stderr: "" });
    const asked = upstream.requests.findLast(({ path }) => path === "/v1/chat/completions");
    expect(JSON.parse(asked?.bodyText ?? "")).toMatchObject({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "like tea" },
      ],
    });
  });

  test("asks the demo model", async () => {
    const { exitCode, stdout } = await llmp(["run", "demo-chat", "where are metrics"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/\S.*\n$/) });
  });

  test("prints a line of JSON for each piece with -o json", async () => {
    const { stdout } = await llmp(["run", "tiny-chat", "green robots", "-o", "json"]);
    const pieces: readonly { readonly content: string; readonly usage?: object }[] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(pieces.map(({ content }) => content).join("")).toBe("echo: green robots");
    expect(pieces.at(-1)?.usage).toMatchObject({ completion_tokens: expect.any(Number) });
  });

  test("lets nothing through that a terminal would obey", async () => {
    const { stdout } = await llmp(["run", "tiny-chat", "a\u001b[2Jb\u001b]0;owned\u0007c\u009b31md"]);
    expect(stdout.startsWith("echo: a")).toBe(true);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
  });

  test("an answer that breaks off is kept, and ends with a message and exit code 5", async () => {
    upstream.script({ kind: "reset-after-events", events: 3 });
    const { exitCode, stdout, stderr } = await llmp(["run", "tiny-chat", "one two three four"]);
    expect(exitCode).toBe(5);
    expect(stdout).toMatch(/^echo: .*\n$/);
    expect(stderr).toMatch(/^llmp: .+ \(request req_[\w-]+\)\n$/);
  });

  test("an empty prompt is wrong usage", async () => {
    expect(await llmp(["run", "tiny-chat"], { input: "\n" })).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "llmp: The prompt is empty. Give one behind the model, or on standard input.\n",
    });
  });
});

describe("what llmp ends with when something is wrong", () => {
  const cases: readonly {
    readonly name: string;
    readonly args: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly exitCode: number;
    readonly says: RegExp;
  }[] = [
    {
      name: "an unknown flag",
      args: ["models", "list", "--nope"],
      exitCode: 2,
      says: /--nope.*\n.*llmp --help/,
    },
    { name: "an unknown command", args: ["modles"], exitCode: 2, says: /'modles'.*/ },
    { name: "an unknown format", args: ["ps", "-o", "xml"], exitCode: 2, says: /table, json/ },
    {
      name: "no address",
      args: ["--url", "office", "ps"],
      exitCode: 2,
      says: /`office` is no address.*http:/,
    },
    {
      name: "a key that cannot be one",
      args: ["ps"],
      env: { LLM_PLATFORM_API_KEY: "Schlüssel – kaputt" },
      exitCode: 2,
      says: /API key holds characters/,
    },
    {
      name: "a wrong key",
      args: ["models", "list"],
      env: { LLM_PLATFORM_API_KEY: "not-the-key-0123456789" },
      exitCode: 3,
      says: /key.*\(request req_[\w-]+\)/,
    },
    {
      name: "no key",
      args: ["run", "tiny-chat", "hello"],
      env: { LLM_PLATFORM_API_KEY: "" },
      exitCode: 3,
      says: /key.*\(request req_[\w-]+\)/,
    },
    {
      name: "an unknown model",
      args: ["models", "show", "no-such-model"],
      exitCode: 4,
      says: /no-such-model.*\(request req_[\w-]+\)/,
    },
    {
      name: "an unknown model to ask",
      args: ["run", "no-such-model", "hello"],
      exitCode: 4,
      says: /no-such-model.*\(request req_[\w-]+\)/,
    },
    {
      name: "an unknown integration",
      args: ["integrations", "restart", "no-such-one"],
      exitCode: 4,
      says: /no-such-one.*\(request req_[\w-]+\)/,
    },
    {
      name: "a model that cannot be loaded",
      args: ["models", "load", "tiny-chat"],
      exitCode: 1,
      says: /office cannot load models.*\(request req_[\w-]+\)/,
    },
    {
      name: "no server",
      args: ["--url", nobodyUrl, "models", "list"],
      exitCode: 5,
      says: /No llm-platform server answers at http:\/\/127\.0\.0\.1:9\. Start one with `llmp serve`/,
    },
  ];

  test.each(cases)("$name: exit code $exitCode", async ({ args, env = {}, exitCode, says }) => {
    const result = await llmp(args, { env });
    expect(result).toEqual({ exitCode, stdout: "", stderr: expect.stringMatching(says) });
    expect(result.stderr).not.toMatch(/^\s+at /m);
  });

  test("the trace is shown with --debug only", async () => {
    const { stderr } = await llmp(["--debug", "--url", nobodyUrl, "ps"]);
    expect(stderr).toMatch(/^llmp: No llm-platform server/);
    expect(stderr).toMatch(/^\s+at /m);
  });

  test("nothing is coloured off the terminal, whatever the environment asks for", async () => {
    const calls = [["models", "list"], ["integrations", "list"], ["--help"], ["modles"]];
    const results = await Promise.all([
      ...calls.map((args) => llmp(args)),
      ...calls.map((args) => llmp(args, { env: { NO_COLOR: "1", TERM: "xterm-256color" } })),
    ]);
    for (const { stdout, stderr } of results) expect(stdout + stderr).not.toContain("\u001b");
  });
});
