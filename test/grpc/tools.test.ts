import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { protoFiles } from "../../packages/server/src/api/grpc/generated/descriptors.ts";
import { findService } from "../../tools/services.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { grpcPort, whenModelsAreThere } from "./grpc-client.ts";

const key = "root-key-0123456789";
const root = fileURLToPath(new URL("../../", import.meta.url));
const buf = join(root, "node_modules/@bufbuild/buf/bin/buf");
const grpcurl = findService("grpcurl");
const python = findService("grpc_tools");

let openai: FakeUpstream;
let ollama: FakeUpstream;
let platform: Platform;
let port = 0;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
  ollama = await createFakeUpstream({ dialect: "ollama" });
  platform = await startPlatform({
    config: {
      integrations: [openAiIntegration("fake", openai.origin), ollamaIntegration("ollama", ollama.origin)],
      auth: { api_keys: [{ name: "root", key, role: "admin" }] },
    },
  });
  await whenModelsAreThere(platform, ["fake", "ollama"], key);
  port = await grpcPort(platform);
});

afterAll(async () => {
  await platform?.stop();
  await Promise.all([openai?.stop(), ollama?.stop()]);
});

type Run = { readonly code: number | null; readonly out: string; readonly err: string };

async function run(command: string, args: readonly string[], limitMs = 30_000): Promise<Run> {
  const child = spawn(command, args, { cwd: root, timeout: limitMs });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const [code]: (number | null)[] = await once(child, "close");
  return { code: code ?? null, out, err };
}

const question = { model: "fake/tiny-chat", messages: [{ role: "user", content: "one two three" }] };

/** A request for every method, and what its answer has to hold. Those without an end are left after their first words. */
const methods: readonly (readonly [string, object, string])[] = [
  ["Inference/Chat", question, "echo: one two three"],
  ["Inference/ChatStream", question, "three"],
  ["Inference/Complete", { model: "fake/tiny-chat", prompt: ["one two"] }, "one two"],
  ["Inference/Embed", { model: "fake/tiny-embed", input: ["one"] }, "embedding"],
  ["Inference/ListModels", {}, "tiny-chat"],
  ["Models/List", {}, "tiny-chat"],
  ["Models/Show", { model: "ollama/tiny-chat:latest" }, "details"],
  ["Models/Load", { model: "ollama/tiny-chat:latest" }, "loaded"],
  ["Models/Unload", { model: "ollama/tiny-chat:latest" }, "unloaded"],
  ["Models/Pull", { kind: "ollama", source: "another:latest" }, "done"],
  ["Models/Delete", { model: "ollama/another:latest" }, "deleted"],
  ["Integrations/List", {}, "model_platform"],
  ["Integrations/Get", { name: "fake" }, "running"],
  ["Integrations/Restart", { name: "fake" }, "running"],
  ["Integrations/Configure", { name: "fake", config: { priority: 3 } }, "running"],
  ["Integrations/WatchEvents", { after_id: "0" }, "integration."],
  ["Metrics/Stream", { series: ["llm_build_info"] }, "llm_build_info"],
  ["Operations/List", {}, "usage.list"],
  ["Operations/Call", { name: "usage.list", input: {} }, "output"],
  ["Operations/Follow", { name: "models" }, "snapshot"],
];
const endless = new Set(["Integrations/WatchEvents", "Metrics/Stream", "Operations/Follow"]);

test("the list above has every method of the contract", () => {
  const own = protoFiles.find(({ name }) => name === "platform.proto")?.symbols ?? [];
  const served = own.map((symbol) => symbol.split(".")).filter((parts) => parts.length === 4);
  const named = served
    .map(([, , service, method]) => `${service}/${method}`)
    .filter((name) => !name.endsWith("Entry"));
  expect(methods.map(([name]) => name).toSorted()).toEqual(named.toSorted());
});

describe("buf curl, by reflection alone", () => {
  const url = () => `http://127.0.0.1:${port}`;
  const asKnown = [
    "--http2-prior-knowledge",
    "--protocol",
    "grpc",
    "--header",
    `authorization: Bearer ${key}`,
  ];
  const reflectKnown = ["--reflect-header", `authorization: Bearer ${key}`];

  test("lists every service and method", async () => {
    const listed = await run(process.execPath, [
      buf,
      "curl",
      ...asKnown,
      ...reflectKnown,
      "--list-methods",
      url(),
    ]);
    expect(listed.code, listed.err).toBe(0);
    for (const [name] of methods) expect(listed.out).toContain(`llmplatform.v1.${name}`);
  });

  test.each(methods)("calls %s", async (name, request, expected) => {
    const timeout = endless.has(name) ? ["--timeout", "3s"] : [];
    const data = ["--data", JSON.stringify(request)];
    const target = `${url()}/llmplatform.v1.${name}`;
    const called = await run(process.execPath, [
      buf,
      "curl",
      ...asKnown,
      ...reflectKnown,
      ...timeout,
      ...data,
      target,
    ]);
    expect(called.out, called.err).toContain(expected);
    if (!endless.has(name)) expect(called.code, called.err).toBe(0);
  });
});

describe.skipIf(grpcurl === undefined)("grpcurl, by reflection alone", () => {
  const asKnown = ["-plaintext", "-H", `authorization: Bearer ${key}`];
  const curl = (...args: readonly string[]) => run(grpcurl ?? "", [...asKnown, ...args]);
  const address = () => `127.0.0.1:${port}`;

  test("lists and describes every service", async () => {
    const listed = await curl(address(), "list");
    expect(listed.out, listed.err).toContain("llmplatform.v1.Inference");
    for (const service of listed.out.trim().split("\n")) {
      const described = await curl(address(), "describe", service);
      expect(described.out, described.err).toContain("is a service");
    }
    expect((await curl(address(), "describe", "llmplatform.v1.ChatRequest")).out).toContain("max_tokens");
  });

  test.each(methods)("calls %s", async (name, request, expected) => {
    const limit = endless.has(name) ? ["-max-time", "3"] : [];
    const called = await curl(...limit, "-d", JSON.stringify(request), address(), `llmplatform.v1.${name}`);
    expect(called.out, called.err).toContain(expected);
    if (!endless.has(name)) expect(called.code, called.err).toBe(0);
  });

  test("shows what an error carries", async () => {
    const called = await curl("-d", `{"model":"none"}`, address(), "llmplatform.v1.Inference/Chat");
    expect(called.err).toContain("NotFound");
    expect(called.err).toContain("model_not_found");
  });
});

describe.skipIf(python === undefined)("a client in Python, made from the contract", () => {
  test("lists models, streams, cancels, sees usage, restarts an integration and watches its events", async () => {
    const folder = await mkdtemp(join(tmpdir(), "llm-platform-python-"));
    const contract = ["-I", "contracts", `--python_out=${folder}`, `--grpc_python_out=${folder}`];
    const made = await run(python ?? "", [
      "-m",
      "grpc_tools.protoc",
      ...contract,
      "contracts/platform.proto",
    ]);
    expect(made.code, made.err).toBe(0);
    await writeFile(join(folder, "client.py"), pythonClient);
    const outcome = await run(python ?? "", [join(folder, "client.py"), `127.0.0.1:${port}`, key]);
    expect(outcome.code, outcome.err).toBe(0);
    expect(outcome.out.trim().split("\n")).toEqual([
      "models True",
      "chat echo: one two three",
      "finish stop",
      "cancelled",
      "usage True",
      "restarted running",
      "event fake",
      "refused model_not_found",
    ]);
    await rm(folder, { recursive: true });
  });
});

const pythonClient = `
import sys
import grpc
import platform_pb2 as llm
import platform_pb2_grpc as services

address, key = sys.argv[1:]
channel = grpc.insecure_channel(address)
metadata = [("authorization", "Bearer " + key)]
inference = services.InferenceStub(channel)
integrations = services.IntegrationsStub(channel)
operations = services.OperationsStub(channel)

models = inference.ListModels(llm.ListModelsRequest(), metadata=metadata, timeout=10).models
print("models", "tiny-chat" in [model.id for model in models])

question = llm.ChatRequest(model="fake/tiny-chat", messages=[llm.ChatMessage(role="user", content="one two three")])
events = list(inference.ChatStream(question, metadata=metadata, timeout=10))
print("chat", "".join(event.delta.content for event in events))
print("finish", [event.finish.reason for event in events if event.HasField("finish")][0])

stream = inference.ChatStream(question, metadata=metadata, timeout=10)
next(stream)
stream.cancel()
try:
    for _ in stream:
        pass
except grpc.RpcError as error:
    print("cancelled" if error.code() == grpc.StatusCode.CANCELLED else error)

usage = operations.Call(llm.OperationCallRequest(name="usage.list"), metadata=metadata, timeout=10)
print("usage", len(usage.output.fields) > 0)

watching = integrations.WatchEvents(llm.WatchEventsRequest(after_id="0", integration="fake"), metadata=metadata, timeout=10)
print("restarted", integrations.Restart(llm.IntegrationRequest(name="fake"), metadata=metadata, timeout=10).state)
print("event", next(watching).integration)
watching.cancel()

try:
    inference.Chat(llm.ChatRequest(model="none"), metadata=metadata, timeout=10)
except grpc.RpcError as error:
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    print("refused", "model_not_found" if b"model_not_found" in details else details)
`;
