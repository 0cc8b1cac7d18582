import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificate } from "../../packages/server/src/wire/certificate.test-data.ts";
import { as, rootKey, withRoot } from "../e2e/identity-calls.ts";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";
import { clusterToken, type FakeKubernetes, startFakeKubernetes } from "../fakes/kubernetes-api.ts";

const patient = { timeout: 25_000 };
const authority = makeCertificate({ subject: "authority" });
const own = makeCertificate({ subject: "own", issuer: authority, hosts: ["kubernetes"] });
const caller = makeCertificate({ subject: "caller", issuer: authority });
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("a cluster that a kubeconfig names", () => {
  let folder: string;
  let cluster: FakeKubernetes;
  let platform: Platform;
  const inFolder = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "llm-platform-kubeconfig-"));
    cluster = await startFakeKubernetes({ tls: { cert: own.cert, key: own.key, ca: authority.cert } });
    cluster.put({
      name: "vllm-abc",
      namespace: "models",
      labels: { "app.kubernetes.io/name": "vllm" },
      port: 1,
      pods: { "vllm-0": true },
    });
    await Promise.all([
      writeKubeconfig(),
      writeFile(inFolder("token"), clusterToken),
      writeFile(inFolder("caller.crt"), caller.cert),
      writeFile(inFolder("caller.key"), caller.key),
      // A credential program: it notes that it ran, and prints what is in a file.
      writeFile(
        inFolder("login"),
        [
          "#!/bin/sh",
          'cd "$(dirname "$0")" && echo "$KUBERNETES_EXEC_INFO $1 $CLUSTER" >> runs',
          `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$(cat token)"`,
        ].join("\n"),
      ),
    ]);
    await chmod(inFolder("login"), 0o700);
    const entry = (name: string, context: string) => ({
      name,
      use: "kubernetes",
      enabled: false,
      health_check_interval: 1,
      settings: { context },
    });
    platform = await startPlatform({
      config: {
        ...withRoot,
        programs: { credentials: [inFolder("login")] },
        integrations: ["token", "certificate", "exec", "refused", "unknown"].map((name) => entry(name, name)),
      },
      env: { KUBECONFIG: `${inFolder("absent")}:${inFolder("config")}` },
    });
  });
  afterAll(async () => {
    await platform?.stop();
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function writeKubeconfig(): Promise<void> {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", interactiveMode: "Never" };
    const user = (name: string, value: object) => ({ name, user: value });
    const context = (name: string, of = "fake") => ({ name, context: { cluster: of, user: name } });
    return writeFile(
      inFolder("config"),
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [
          {
            name: "fake",
            cluster: {
              server: cluster.origin,
              "tls-server-name": "kubernetes",
              "certificate-authority-data": base64(authority.cert),
            },
          },
          { name: "unverified", cluster: { server: cluster.origin, "insecure-skip-tls-verify": true } },
        ],
        users: [
          user("token", { tokenFile: "token" }),
          user("certificate", { "client-certificate": "caller.crt", "client-key-data": base64(caller.key) }),
          user("exec", {
            exec: { ...exec, command: "./login", args: ["now"], env: [{ name: "CLUSTER", value: "c-1" }] },
          }),
          user("refused", { exec: { ...exec, command: "aws" } }),
        ],
        contexts: [
          context("token"),
          context("certificate", "unverified"),
          context("exec"),
          context("refused"),
        ],
      }),
    );
  }

  const turn = (name: string, enabled: boolean) =>
    as(platform, rootKey)(`/integrations/${name}/config`, { method: "PUT", body: { enabled } });
  const statusOf = async (name: string) => (await as(platform, rootKey)(`/integrations/${name}/status`)).json;
  const hasServer = async (name: string) =>
    (await as(platform, rootKey)("/integrations/")).text.includes(`"${name}.models.vllm-0"`);

  test.each(["token", "certificate", "exec"])("is asked by the context %s", async (name) => {
    expect((await turn(name, true)).status).toBe(200);
    await expect.poll(() => hasServer(name), patient).toBe(true);
    expect(await statusOf(name)).toMatchObject({ state: "running" });
  });

  test("that is taken without a look at its certificate is in the log", async () => {
    expect(await platform.logLine(/kubernetes\.server_unverified/)).toContain(cluster.origin);
  });

  test("a token that is replaced in its file, or by the program, is taken up", async () => {
    const runs = async () => (await readFile(inFolder("runs"), "utf8")).trim().split("\n");
    const before = await runs();
    expect(before[0]).toBe(
      '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}} now c-1',
    );
    const { watches } = cluster;
    await writeFile(inFolder("token"), "the-next-token");
    cluster.expectToken("the-next-token");
    // Two watches of each of the three.
    await expect.poll(() => cluster.watches, patient).toBeGreaterThanOrEqual(watches + 6);
    expect((await runs()).length).toBeGreaterThan(before.length);
    for (const name of ["token", "exec"])
      await expect.poll(() => statusOf(name), patient).toMatchObject({ state: "running" });
  });

  test("a program that the configuration does not allow is not run", async () => {
    await turn("refused", true);
    await expect
      .poll(async () => JSON.stringify(await statusOf("refused")), patient)
      .toContain("The program aws may not be run. Allow it in programs.credentials");
  });

  test("a context that is not there is told by name", async () => {
    await turn("unknown", true);
    await expect
      .poll(async () => JSON.stringify(await statusOf("unknown")), patient)
      .toMatch(/kubeconfig: context \\"unknown\\" is not there; there are: token, certificate/);
  });
});
