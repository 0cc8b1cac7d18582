import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Event, ModelPullProgress } from "../../packages/server/src/api/grpc/generated/platform.ts";
import { ask, member } from "../e2e/http.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { detailsOf, type GrpcClient, openGrpc, whenModelsAreThere } from "./grpc-client.ts";
import { grpc } from "./methods.ts";

const key = "root-key-0123456789";
const asRoot = { key };

let openai: FakeUpstream;
let ollama: FakeUpstream;
let platform: Platform;
let client: GrpcClient;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
  ollama = await createFakeUpstream({ dialect: "ollama" });
  platform = await startPlatform({
    config: {
      integrations: [openAiIntegration("fake", openai.origin), ollamaIntegration("ollama", ollama.origin)],
      auth: {
        api_keys: [
          { name: "root", key, role: "admin" },
          { name: "caller", key: "caller-key-0123456789", role: "developer" },
        ],
      },
    },
  });
  await whenModelsAreThere(platform, ["fake", "ollama"], key);
  client = await openGrpc(platform);
});

afterAll(async () => {
  client?.close();
  await platform?.stop();
  await Promise.all([openai?.stop(), ollama?.stop()]);
});

async function ok<Reply>(
  outcome: Promise<{ code: number; message: string; reply: Reply | undefined }>,
): Promise<Reply> {
  const { code, message, reply } = await outcome;
  expect(code, message).toBe(status.OK);
  if (reply === undefined) throw new Error("a call that went well has no reply");
  return reply;
}

describe("models", () => {
  test("are listed and shown with what is known of them", async () => {
    const { models } = await ok(client.ask(grpc.models.list, { integration: "fake" }, asRoot));
    expect(models?.map(({ id, integration }) => [integration, id])).toContainEqual(["fake", "tiny-chat"]);
    const shown = await ok(client.ask(grpc.models.show, { model: "ollama/tiny-chat:latest" }, asRoot));
    expect(shown.model?.provider).toBe("ollama");
    expect(Object.keys(shown.details ?? {}).length).toBeGreaterThan(0);
  });

  test("are loaded, unloaded, pulled with progress, and deleted", async () => {
    const model = "ollama/tiny-chat:latest";
    const done = { model: "tiny-chat:latest", integration: "ollama" };
    expect(await ok(client.ask(grpc.models.load, { model }, asRoot))).toEqual({ ...done, status: "loaded" });
    expect(await ok(client.ask(grpc.models.unload, { model }, asRoot))).toEqual({
      ...done,
      status: "unloaded",
    });
    const pull = await client.ask(grpc.models.pull, { kind: "ollama", source: "another:latest" }, asRoot);
    expect(pull.code, pull.message).toBe(status.OK);
    const last = pull.replies.at(-1);
    expect(last).toMatchObject({ source: "another:latest", phase: "done" });
    expect(new Set(pull.replies.map(({ id }) => id)).size).toBe(1);
    expect(last?.completed_bytes).toBe(last?.total_bytes);
    const gone = await ok(client.ask(grpc.models.delete, { model: "ollama/another:latest" }, asRoot));
    expect(gone.status).toBe("deleted");
  });

  test("that cannot be pulled end the stream with what went wrong", async () => {
    ollama.script({ kind: "reset-before-head" }, { path: "/api/pull" });
    ollama.always({ kind: "reset-before-head" }, { path: "/api/pull" });
    const pull = await client.ask(grpc.models.pull, { kind: "ollama", source: "broken:latest" }, asRoot);
    expect(pull.code).not.toBe(status.OK);
    const last: ModelPullProgress | undefined = pull.replies.at(-1);
    expect(last?.phase).toBe("failed");
    expect(last?.error?.code).toBe(detailsOf(pull).info?.reason);
    await ollama.reset();
  });
});

describe("integrations", () => {
  test("are listed, found by name, restarted and configured, and the changes are on record", async () => {
    const { integrations } = await ok(client.ask(grpc.integrations.list, {}, asRoot));
    expect(integrations?.find(({ name }) => name === "grpc")).toMatchObject({
      type: "api",
      state: "running",
    });
    const restarted = await ok(client.ask(grpc.integrations.restart, { name: "fake" }, asRoot));
    expect(restarted).toMatchObject({ name: "fake", type: "model_platform", state: "running" });
    const config = { priority: 7 };
    const configured = await ok(client.ask(grpc.integrations.configure, { name: "fake", config }, asRoot));
    expect(configured.priority).toBe(7);
    const found = await ok(client.ask(grpc.integrations.get, { name: "fake" }, asRoot));
    expect(found).toMatchObject({ priority: 7, enabled: true, use: "openai-compatible" });
    const { output } = await ok(
      client.ask(grpc.operations.call, { name: "audit.list", input: { limit: 50 } }, asRoot),
    );
    const records = JSON.stringify(output);
    for (const name of ["integrations.restart", "integrations.configure"]) expect(records).toContain(name);
    expect(records).toContain("127.0.0.1");
  });

  test("that do not exist are told as such", async () => {
    const outcome = await client.ask(grpc.integrations.get, { name: "none" }, asRoot);
    expect(outcome.code).toBe(status.NOT_FOUND);
  });

  test("tell what becomes of them, from an event on", async () => {
    const events: Event[] = [];
    const { call, ended } = client.open(grpc.integrations.watchEvents, { integration: "fake" }, asRoot);
    const began = new Promise<void>((resolve) => call.once("metadata", () => resolve()));
    call.on("data", (event: Event) => events.push(event));
    await Promise.race([began, new Promise((resolve) => setTimeout(resolve, 300))]);
    await ok(client.ask(grpc.integrations.restart, { name: "fake" }, asRoot));
    await expect.poll(() => events.length, { timeout: 5_000 }).toBeGreaterThan(1);
    call.cancel();
    expect((await ended).status.code).toBe(status.CANCELLED);
    expect(new Set(events.map(({ integration }) => integration))).toEqual(new Set(["fake"]));
    const [first, second] = events;
    expect(first?.type).toMatch(/^integration\./);
    const again = client.open(
      grpc.integrations.watchEvents,
      { integration: "fake", after_id: first?.id },
      asRoot,
    );
    const next = await new Promise<Event>((resolve) => again.call.once("data", resolve));
    again.call.cancel();
    expect(next).toEqual(second);
  });
});

test("metrics are told time and again", async () => {
  const { call } = client.open(
    grpc.metrics,
    { series: ["llm_requests_in_flight", "llm_grpc_connections"], interval_seconds: 1 },
    asRoot,
  );
  const samples: { readonly series?: readonly { readonly name?: string }[] | undefined }[] = [];
  call.on("data", (sample: (typeof samples)[number]) => samples.push(sample));
  await expect.poll(() => samples.length, { timeout: 5_000 }).toBe(2);
  call.cancel();
  const names = samples[0]?.series?.map(({ name }) => name);
  expect(new Set(names)).toEqual(new Set(["llm_requests_in_flight", "llm_grpc_connections"]));
});

describe("operations", () => {
  test("are all listed, and each can be called as over REST", async () => {
    const { operations = [], feeds = [] } = await ok(client.ask(grpc.operations.list, {}, asRoot));
    const contract = await ask(platform, "/api/v1/access/routes", {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(contract.status).toBe(200);
    const names = operations.map(({ name }) => name);
    for (const name of ["usage.list", "keys.create", "integrations.restart", "pulls.start"])
      expect(names).toContain(name);
    expect(feeds.map(({ name }) => name)).toEqual(["events", "models", "metrics", "pulls", "requests"]);
    expect(
      operations.every(({ permission, summary, input_schema }) => permission && summary && input_schema),
    ).toBe(true);
    const { output } = await ok(client.ask(grpc.operations.call, { name: "models.list", input: {} }, asRoot));
    const rest = await ask(platform, "/api/v1/models", { headers: { authorization: `Bearer ${key}` } });
    expect(output).toEqual(rest.json);
  });

  test("tell every problem of their input", async () => {
    const input = { limit: "many", nonsense: true };
    const outcome = await client.ask(grpc.operations.call, { name: "audit.list", input }, asRoot);
    expect(outcome.code).toBe(status.INVALID_ARGUMENT);
    expect(detailsOf(outcome).badRequest?.field_violations?.length).toBeGreaterThan(1);
  });

  test("need what they need over REST: a permission, or nobody", async () => {
    const call = (name: string, asking: { readonly key?: string }) =>
      client.ask(grpc.operations.call, { name, input: {} }, asking);
    expect((await call("audit.list", { key: "caller-key-0123456789" })).code).toBe(status.PERMISSION_DENIED);
    expect((await call("audit.list", {})).code).toBe(status.UNAUTHENTICATED);
    expect((await call("audit.list", { key: "wrong-key-0123456789" })).code).toBe(status.UNAUTHENTICATED);
    expect((await call("no.such", asRoot)).code).toBe(status.NOT_FOUND);
    // Anybody may log in, and is told what is missing.
    expect((await call("auth.login", {})).code).toBe(status.INVALID_ARGUMENT);
  });

  test("that are feeds are followed", async () => {
    const { call } = client.open(grpc.operations.follow, { name: "models", input: {} }, asRoot);
    const first: unknown = await new Promise((resolve) => call.once("data", resolve));
    call.cancel();
    expect(member(first, "type")).toBe("snapshot");
    const models = member(member(first, "data"), "models");
    expect(JSON.stringify(models)).toContain("tiny-chat");
    const outcome = await client.ask(grpc.operations.follow, { name: "none" }, asRoot);
    expect(outcome.code).toBe(status.NOT_FOUND);
  });
});
