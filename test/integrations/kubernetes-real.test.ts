import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, connect, type AddressInfo, type Server } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chatBody } from "../e2e/http.ts";
import { as, rootKey, withRoot } from "../e2e/identity-calls.ts";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type Cluster, kubeApiserver, startCluster } from "../services/kubernetes.ts";
import { helm, type Manifest, renderObjects, valueSets } from "../ship/helm.ts";

/** Kinds of other projects, which the cluster has not. */
const foreignGroups =
  /^(?:monitoring\.coreos\.com|autoscaling\.k8s\.io|keda\.sh|gateway\.networking\.k8s\.io)\//;
const patient = { timeout: 60_000 };
/** A machine that is busy with other tests starts an API in half a minute. */
const slow = { timeout: 240_000 };
const slices = "/apis/discovery.k8s.io/v1";

/** Servers as their charts and operators label them. */
const kinds = [
  { name: "vllm", label: { "app.kubernetes.io/name": "vllm" }, dialect: "openai" },
  { name: "ollama", label: { "app.kubernetes.io/name": "ollama" }, dialect: "ollama" },
  { name: "tgi", label: { "app.kubernetes.io/name": "text-generation-inference" }, dialect: "openai" },
  { name: "llama", label: { "app.kubernetes.io/name": "llama-cpp" }, dialect: "openai" },
  { name: "kserve", label: { "serving.kserve.io/inferenceservice": "sklearn" }, dialect: "openai" },
] as const;

/** Where a kind of object is asked for. */
async function pathOf(cluster: Cluster, { apiVersion, kind, metadata }: Manifest): Promise<string> {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { resources } = JSON.parse((await cluster.ask(root)).text) as {
    readonly resources: readonly {
      readonly kind: string;
      readonly name: string;
      readonly namespaced: boolean;
    }[];
  };
  const resource = resources.find((each) => each.kind === kind && !each.name.includes("/"));
  if (resource === undefined) throw new Error(`there is no ${kind} in ${apiVersion}`);
  const namespace = metadata["namespace"] ?? "models";
  return `${root}${resource.namespaced ? `/namespaces/${String(namespace)}` : ""}/${resource.name}`;
}

const isForeign = ({ apiVersion }: Manifest) => foreignGroups.test(apiVersion);

describe.skipIf(kubeApiserver === undefined || helm === undefined)("a real cluster", () => {
  let cluster: Cluster;
  let platform: Platform;
  let folder: string;
  const upstreams = new Map<string, FakeUpstream>();
  const doors: Server[] = [];
  /** By the name of a kind the port of its door, at an address that may stand in a slice: those of the loopback may not. */
  const ports = new Map<string, number>();
  const address = Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === "IPv4" && !each.internal)?.address;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "llm-platform-kubernetes-"));
    cluster = await startCluster();
    for (const { name, dialect } of kinds) {
      const upstream = await createFakeUpstream({ dialect, models: [`model-of-${name}`] });
      upstreams.set(name, upstream);
      const door = createServer((socket) => {
        const through = connect(upstream.port, "127.0.0.1");
        socket.on("error", () => through.destroy()).pipe(through);
        through.on("error", () => socket.destroy()).pipe(socket);
      });
      doors.push(door);
      await new Promise<void>((resolve) => door.listen(0, address, resolve));
      ports.set(name, (door.address() as AddressInfo).port);
    }
    for (const name of ["models", "other"])
      expect((await create({ apiVersion: "v1", kind: "Namespace", metadata: { name } })).status).toBe(201);
    // What a controller makes in each namespace, and no controller runs here.
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
    expect(await create(account)).toMatchObject({ status: 201 });
  }, 240_000);
  afterAll(async () => {
    await platform?.stop();
    for (const door of doors) door.close();
    for (const upstream of upstreams.values()) await upstream.stop();
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function create(object: Manifest, query = "") {
    const { status, text } = await cluster.ask(`${await pathOf(cluster, object)}${query}`, { body: object });
    return { status, text };
  }

  async function tokenOf(account: string): Promise<string> {
    const path = `/api/v1/namespaces/models/serviceaccounts/${account}/token`;
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    const { text } = await cluster.ask(path, { body });
    return (JSON.parse(text) as { readonly status: { readonly token: string } }).status.token;
  }

  async function writeKubeconfig(name: string, token: string): Promise<void> {
    await writeFile(
      join(folder, name),
      JSON.stringify({
        "current-context": "real",
        contexts: [{ name: "real", context: { cluster: "real", user: "platform" } }],
        clusters: [
          {
            name: "real",
            cluster: {
              server: cluster.url,
              "certificate-authority-data": Buffer.from(cluster.authority).toString("base64"),
            },
          },
        ],
        users: [{ name: "platform", user: { token } }],
      }),
    );
  }

  /** Makes the slice of a service, or replaces it. */
  async function putSlice(name: string, pods: Readonly<Record<string, boolean>>, namespace = "models") {
    const object = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: `${name}-abc`,
        namespace,
        labels: { ...kinds.find((kind) => kind.name === name)?.label, "kubernetes.io/service-name": name },
      },
      addressType: "IPv4",
      endpoints: Object.entries(pods).map(([pod, ready]) => ({
        addresses: [address],
        conditions: { ready },
        targetRef: { kind: "Pod", namespace, name: pod },
      })),
      ports: [{ name: "http", port: ports.get(name) }],
    };
    const path = `${slices}/namespaces/${namespace}/endpointslices`;
    const made = await cluster.ask(path, { body: object });
    if (made.status !== 409) return expect(made).toMatchObject({ status: 201 });
    const replaced = await cluster.ask(`${path}/${name}-abc`, { method: "PUT", body: object });
    expect(replaced).toMatchObject({ status: 200 });
  }

  const servers = async (): Promise<readonly string[]> => {
    const { text } = await as(platform, rootKey)("/integrations/");
    const names = [...text.matchAll(/"name":\s*"kubernetes\.([^"]+)"/g)].map(([, name]) => name ?? "");
    return [...new Set(names)].sort();
  };
  const statusOf = async (model: string) =>
    (await as(platform, rootKey)("/v1/chat/completions", { body: chatBody(model) })).status;
  const integration = async (name: string) =>
    (await as(platform, rootKey)(`/integrations/${name}/status`)).json;

  test.for(Object.entries(valueSets))(
    "it takes every object that the chart makes of %s",
    async ([, args]) => {
      const objects = (await renderObjects(args)).filter((object) => !isForeign(object));
      expect(objects.length).toBeGreaterThan(3);
      for (const object of objects)
        expect(await create(object, "?dryRun=All&fieldValidation=Strict"), object.kind).toMatchObject({
          status: 201,
        });
    },
  );

  describe("where the chart was installed", () => {
    beforeAll(async () => {
      for (const object of await renderObjects(["--set=kubernetes.enabled=true"]))
        if (["ServiceAccount", "Role", "RoleBinding"].includes(object.kind))
          expect(await create(object)).toMatchObject({ status: 201 });
      for (const { name } of kinds) await putSlice(name, { [`${name}-0`]: true });
      await putSlice("vllm", { "hidden-0": true }, "other");
      await writeKubeconfig("kubeconfig", await tokenOf("llm-llm-platform"));
      const entry = (name: string, file: string, settings: object) => ({
        name,
        use: "kubernetes",
        health_check_interval: 1,
        settings: { kubeconfig: join(folder, file), ...settings },
      });
      await writeKubeconfig("nobody", "of nobody");
      platform = await startPlatform({
        config: {
          ...withRoot,
          integrations: [
            entry("kubernetes", "kubeconfig", { namespaces: ["models"] }),
            entry("too-far", "kubeconfig", {}),
            entry("stranger", "nobody", { namespaces: ["models"] }),
          ],
        },
      });
    }, 240_000);

    test("its servers are found by the chart's own rights, and answer", slow, async () => {
      await expect.poll(servers, patient).toEqual(kinds.map(({ name }) => `models.${name}-0`).sort());
      for (const { name } of kinds) await expect.poll(() => statusOf(`model-of-${name}`), patient).toBe(200);
    });

    test("an account that may not is told what it lacks", slow, async () => {
      await expect.poll(() => integration("too-far"), patient).toMatchObject({ state: "auth_required" });
      expect(JSON.stringify(await integration("too-far"))).toContain(
        'system:serviceaccount:models:llm-llm-platform\\" cannot list resource \\"endpointslices\\"',
      );
      await expect.poll(() => integration("stranger"), patient).toMatchObject({ state: "auth_required" });
      expect(JSON.stringify(await integration("stranger"))).toContain("status 401");
    });

    test("endpoints that come, become ready and go are followed", slow, async () => {
      await putSlice("vllm", { "vllm-0": true, "vllm-1": false });
      await putSlice("tgi", { "tgi-0": true, "tgi-1": true });
      await expect.poll(servers, patient).toContain("models.tgi-1");
      expect(await servers()).not.toContain("models.vllm-1");
      await putSlice("vllm", { "vllm-1": true });
      await expect.poll(servers, patient).not.toContain("models.vllm-0");
      expect(await servers()).toContain("models.vllm-1");
      await cluster.ask(`${slices}/namespaces/models/endpointslices/tgi-abc`, { method: "DELETE" });
      await expect.poll(() => statusOf("model-of-tgi"), patient).toBe(404);
    });

    test(
      "an API that is killed and comes back is followed again, and its servers stay meanwhile",
      slow,
      async () => {
        const before = await servers();
        await cluster.kill();
        await expect.poll(() => integration("kubernetes"), patient).toMatchObject({ state: "degraded" });
        expect(await servers()).toEqual(before);
        expect(await statusOf("model-of-vllm")).toBe(200);
        await cluster.restart();
        await putSlice("vllm", { "vllm-after-kill": true });
        await expect.poll(servers, patient).toContain("models.vllm-after-kill");
        await expect.poll(() => integration("kubernetes"), patient).toMatchObject({ state: "running" });
      },
    );

    test("versions that are compacted away while nobody watches make it list anew", slow, async () => {
      await cluster.kill();
      await cluster.restart();
      await putSlice("vllm", { "vllm-between": true });
      await cluster.compact();
      await cluster.kill();
      await cluster.restart();
      await putSlice("vllm", { "vllm-after-compaction": true });
      await expect.poll(servers, patient).toContain("models.vllm-after-compaction");
      expect(await servers()).not.toContain("models.vllm-between");
    });
  });
});
