import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubernetesIntegration } from "@llm-platform/integrations";
import { integrationContract } from "@llm-platform/kit/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { as, rootKey, withRoot } from "../e2e/identity-calls.ts";
import { chatBody } from "../e2e/http.ts";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import {
  clusterToken,
  type FakeKubernetes,
  type FakeSlice,
  startFakeKubernetes,
} from "../fakes/kubernetes-api.ts";
import { createSilentServer, type SilentServer } from "./silent-server.ts";

describe("the contract of kubernetes", () => {
  let cluster: FakeKubernetes;
  let silent: SilentServer;
  beforeAll(async () => {
    [cluster, silent] = await Promise.all([startFakeKubernetes(), createSilentServer()]);
  });
  afterAll(async () => {
    await cluster.stop();
    silent.stop();
  });
  const cases = (origin: string, silentOrigin: string) =>
    integrationContract({
      definition: kubernetesIntegration,
      settings: { api_url: origin, token: clusterToken, tls: {} },
      breakSettings: { api_url: origin, token: "wrong", tls: {} },
      hangSettings: { api_url: silentOrigin, token: clusterToken, tls: {} },
    });
  const names = cases("http://unused", "http://unused").map(({ name }) => name);
  test.each(names.map((name, index) => [name, index] as const))("%s", async (_name, index) => {
    await cases(cluster.origin, silent.origin)[index]?.run();
  });
});

const patient = { timeout: 25_000 };

describe("model servers in a cluster", () => {
  let cluster: FakeKubernetes;
  let vllm: FakeUpstream;
  let ollama: FakeUpstream;
  let platform: Platform;
  const tokenFile = join(tmpdir(), `llm-platform-token-${process.pid}`);

  beforeAll(async () => {
    [cluster, vllm, ollama] = await Promise.all([
      startFakeKubernetes(),
      createFakeUpstream({ dialect: "openai", profile: "vllm", models: ["qwen"] }),
      createFakeUpstream({ dialect: "ollama", models: ["gemma:latest"] }),
    ]);
    cluster.put(vllmSlice({ "vllm-0": true, "vllm-1": false }));
    cluster.put({ ...vllmSlice({ "other-0": true }), name: "other-x", labels: { app: "other" } });
    await writeFile(tokenFile, `${clusterToken}\n`);
    platform = await startPlatform({
      config: {
        ...withRoot,
        integrations: [
          {
            name: "kubernetes",
            health_check_interval: 1,
            settings: { api_url: cluster.origin, token_file: tokenFile, tls: {} },
          },
        ],
      },
    });
  });
  afterAll(async () => {
    await platform?.stop();
    await Promise.all([cluster?.stop(), vllm?.stop(), ollama?.stop()]);
  });

  const vllmSlice = (pods: FakeSlice["pods"]): FakeSlice => ({
    name: "vllm-abc",
    namespace: "models",
    labels: { "app.kubernetes.io/name": "vllm" },
    port: vllm.port,
    pods,
  });
  const servers = async () => {
    const { text } = await as(platform, rootKey)("/integrations/");
    return [
      ...new Set([...text.matchAll(/"name":\s*"(kubernetes\.[^"]+)"/g)].map(([, name]) => name)),
    ].sort();
  };
  const statusOf = async (model: string) =>
    (await as(platform, rootKey)("/v1/chat/completions", { body: chatBody(model) })).status;

  test("those that are ready and have the labels are there, and answer", async () => {
    await expect.poll(servers, patient).toEqual(["kubernetes.models.vllm-0"]);
    await expect.poll(() => statusOf("qwen"), patient).toBe(200);
    expect(await statusOf("kubernetes.models.vllm-0/qwen")).toBe(200);
  });

  test("one that becomes ready, one of another kind, and one that goes are followed", async () => {
    cluster.put(vllmSlice({ "vllm-0": true, "vllm-1": true }));
    cluster.put({
      name: "ollama-abc",
      namespace: "models",
      labels: { "app.kubernetes.io/name": "ollama" },
      port: ollama.port,
      pods: { "ollama-0": true },
    });
    const all = ["kubernetes.models.ollama-0", "kubernetes.models.vllm-0", "kubernetes.models.vllm-1"];
    await expect.poll(servers, patient).toEqual(all);
    await expect.poll(() => statusOf("gemma"), patient).toBe(200);
    cluster.remove("models", "ollama-abc");
    await expect.poll(servers, patient).toEqual(all.slice(1));
    await expect.poll(() => statusOf("gemma"), patient).toBe(404);
    expect(await statusOf("qwen")).toBe(200);
  });

  test("a watch that ends goes on from where it was, without a new list", async () => {
    const { lists, watches } = cluster;
    cluster.endWatches();
    cluster.put(vllmSlice({ "vllm-0": true }));
    await expect.poll(servers, patient).toEqual(["kubernetes.models.vllm-0"]);
    await expect.poll(() => cluster.watches, patient).toBeGreaterThan(watches);
    expect(cluster.lists).toBe(lists);
  });

  test.each(["status", "event"] as const)(
    "a version that the cluster has forgotten, told by %s, makes it list anew",
    async (how) => {
      const { lists } = cluster;
      cluster.forget(how);
      await expect.poll(() => cluster.lists, patient).toBeGreaterThan(lists);
      const pod = `vllm-after-${how}`;
      cluster.put(vllmSlice({ [pod]: true }));
      await expect.poll(servers, patient).toEqual([`kubernetes.models.${pod}`]);
    },
  );

  test("while the cluster does not answer its servers stay, and its health says so", async () => {
    const before = await servers();
    cluster.refuse(500);
    await platform.logLine(/kubernetes\.watch_failed/);
    const state = async () => (await as(platform, rootKey)("/integrations/kubernetes/status")).json;
    await expect.poll(state, patient).toMatchObject({ state: "degraded" });
    expect(await servers()).toEqual(before);
    expect(await statusOf("qwen")).toBe(200);
    cluster.refuse(undefined);
    cluster.put(vllmSlice({ "vllm-back": true }));
    await expect.poll(servers, patient).toEqual(["kubernetes.models.vllm-back"]);
  });

  test("a start goes on without a selector whose list fails, names it, and takes it in later", async () => {
    const lost = "serving.kserve.io/inferenceservice";
    const state = async () => (await as(platform, rootKey)("/integrations/kubernetes/status")).json;
    cluster.refuse(500, lost);
    const restarted = await as(platform, rootKey)("/integrations/kubernetes/restart", { method: "POST" });
    expect(restarted.status).toBe(200);
    await expect.poll(state, patient).toMatchObject({
      state: "degraded",
      reason: expect.stringContaining(`the selector ${lost}; the others are followed`),
    });
    await expect.poll(servers, patient).toEqual(["kubernetes.models.vllm-back"]);
    cluster.refuse(undefined);
    await expect.poll(state, patient).toMatchObject({ state: "running", reason: null });
  });

  test("its servers go when somebody disables it, and come back", async () => {
    const put = (enabled: boolean) =>
      as(platform, rootKey)("/integrations/kubernetes/config", { method: "PUT", body: { enabled } });
    expect((await put(false)).status).toBe(200);
    await expect.poll(servers, patient).toEqual([]);
    expect((await put(true)).status).toBe(200);
    await expect.poll(servers, patient).toEqual(["kubernetes.models.vllm-back"]);
    await expect.poll(() => statusOf("qwen"), patient).toBe(200);
  });

  test("a list that breaks off between two pages is asked for again, and what it has not told is not missed", async () => {
    const more = (pod: string): FakeSlice => ({ ...vllmSlice({ [pod]: true }), name: "vllm-more" });
    cluster.put(more("vllm-before"));
    await expect.poll(servers, patient).toContain("kubernetes.models.vllm-before");
    cluster.refusePages(1);
    cluster.forget("status");
    // No watch is open: only a list can tell of it.
    cluster.put(more("vllm-meanwhile"));
    await expect.poll(servers, patient).toContain("kubernetes.models.vllm-meanwhile");
    expect(await servers()).not.toContain("kubernetes.models.vllm-before");
    cluster.remove("models", "vllm-more");
    await expect.poll(servers, patient).not.toContain("kubernetes.models.vllm-meanwhile");
  });

  test("a cluster that forgets each version at once is asked with pauses", async () => {
    const { lists } = cluster;
    const startedAtMs = performance.now();
    cluster.forgetAll(true);
    // Of two selectors: one of them has been through two pauses at least, the second longer than the first.
    await expect.poll(() => cluster.lists, patient).toBeGreaterThanOrEqual(lists + 4);
    expect(performance.now() - startedAtMs).toBeGreaterThan(600);
    cluster.forgetAll(false);
    cluster.put(vllmSlice({ "vllm-remembered": true }));
    await expect.poll(servers, patient).toEqual(["kubernetes.models.vllm-remembered"]);
  });
});
