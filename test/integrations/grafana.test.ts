import { grafanaIntegration } from "@llm-platform/integrations";
import type { DashboardHost, JsonObject } from "@llm-platform/kit";
import { createFakeHost, integrationContract } from "@llm-platform/kit/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type FakeGrafana, grafanaTokens, startGrafana } from "../fakes/grafana.ts";
import { createSilentServer, type SilentServer } from "./silent-server.ts";

const never = new AbortController().signal;

describe("the contract", () => {
  let grafana: FakeGrafana;
  let silent: SilentServer;
  beforeAll(async () => {
    grafana = await startGrafana();
    silent = await createSilentServer();
  });
  afterAll(async () => {
    await grafana.stop();
    silent.stop();
  });
  const settingsFor = (origin: string, token: string) => ({ url: origin, token });
  const cases = (): ReturnType<typeof integrationContract> =>
    integrationContract({
      definition: grafanaIntegration,
      settings: settingsFor(grafana.origin, grafanaTokens.editor),
      breakSettings: settingsFor(grafana.origin, "glsa_wrong"),
      hangSettings: settingsFor(silent.origin, grafanaTokens.editor),
    });
  const names = integrationContract({
    definition: grafanaIntegration,
    settings: {},
    breakSettings: {},
    hangSettings: {},
  }).map(({ name }) => name);
  test.each(names.map((name, index) => [name, index] as const))("%s", async (_name, index) => {
    await cases()[index]?.run();
  });
});

const folder = { uid: "llm-platform", title: "LLM Platform" };
const wanted: JsonObject = { uid: "overview", title: "Overview", panels: [{ id: 1, title: "Calls" }] };
const newer: JsonObject = { ...wanted, panels: [{ id: 1, title: "Calls a second" }] };

async function start(more: Readonly<Record<string, unknown>> = {}) {
  const grafana = await startGrafana();
  onTestFinished(() => grafana.stop());
  const host = await createFakeHost({
    definition: grafanaIntegration,
    settings: { url: grafana.origin, token: grafanaTokens.editor, ...more },
  });
  onTestFinished(() => host.cleanup());
  const running = await host.start();
  onTestFinished(() => running.stop(never));
  if (running.dashboards === undefined) throw new Error("no dashboards");
  return { grafana, dashboards: running.dashboards };
}

async function sync(dashboards: DashboardHost, dashboard: JsonObject) {
  const [result] = await dashboards.sync({ folder, dashboards: [dashboard] }, never);
  return result;
}

test("it makes the folder and the dashboard, and does nothing the second time", async () => {
  const { grafana, dashboards } = await start();
  expect(await sync(dashboards, wanted)).toEqual({ uid: "overview", title: "Overview", outcome: "created" });
  expect(grafana.folders.get("llm-platform")).toEqual(folder);
  expect(grafana.dashboards.get("overview")).toMatchObject({ ...wanted, version: 1 });
  expect(await sync(dashboards, wanted)).toMatchObject({ outcome: "unchanged" });
  expect(grafana.changes).toEqual(["POST /api/folders", "POST /api/dashboards/db"]);
});

test("a newer dashboard takes the place of the one that nobody touched", async () => {
  const { grafana, dashboards } = await start();
  await sync(dashboards, wanted);
  expect(await sync(dashboards, newer)).toEqual({ uid: "overview", title: "Overview", outcome: "updated" });
  expect(grafana.dashboards.get("overview")).toMatchObject({ ...newer, version: 2 });
  expect(grafana.dashboards.size).toBe(1);
});

test("what somebody changed is left alone until there is a newer one, and then kept as a copy", async () => {
  const { grafana, dashboards } = await start();
  await sync(dashboards, wanted);
  grafana.edit("overview", { panels: [{ id: 1, title: "My calls" }] });
  expect(await sync(dashboards, wanted)).toMatchObject({ outcome: "edited" });
  expect(grafana.dashboards.get("overview")).toMatchObject({ panels: [{ title: "My calls" }] });

  const result = await sync(dashboards, newer);
  expect(result).toMatchObject({ outcome: "replaced", copyUid: expect.stringMatching(/^overview-kept-/) });
  expect(grafana.dashboards.get("overview")).toMatchObject(newer);
  expect(grafana.dashboards.get(result?.copyUid ?? "")).toMatchObject({
    title: expect.stringContaining("Overview (kept "),
    panels: [{ title: "My calls" }],
  });
});

test("a dashboard of that uid that is not ours is kept as a copy", async () => {
  const { grafana, dashboards } = await start();
  grafana.dashboards.set("overview", { uid: "overview", title: "Somebody's", version: 7, id: 3 });
  const result = await sync(dashboards, wanted);
  expect(result).toMatchObject({ outcome: "replaced" });
  expect(grafana.dashboards.get(result?.copyUid ?? "")).toMatchObject({
    title: expect.stringContaining("kept"),
  });
});

test("the data source is made where Prometheus is named, and moved when its address changes", async () => {
  const prometheus_url = "http://prometheus:9090";
  const { grafana, dashboards } = await start({ token: grafanaTokens.admin, prometheus_url });
  await sync(dashboards, wanted);
  const uid = "llm-platform-prometheus";
  expect(grafana.dataSources.get(uid)).toMatchObject({ type: "prometheus", url: prometheus_url });
  await sync(dashboards, wanted);
  expect(grafana.changes.filter((change) => change.includes("datasources"))).toHaveLength(1);
  grafana.dataSources.set(uid, { uid, url: "http://old:9090" });
  await sync(dashboards, wanted);
  expect(grafana.dataSources.get(uid)).toMatchObject({ url: prometheus_url });
});

test("where the id of a trace leads to is a part of the data source, also of one that is there", async () => {
  const prometheus_url = "http://prometheus:9090";
  const trace_url = "http://jaeger:16686/trace/${__value.raw}";
  const { grafana, dashboards } = await start({ token: grafanaTokens.admin, prometheus_url, trace_url });
  const uid = "llm-platform-prometheus";
  const leads = { exemplarTraceIdDestinations: [{ name: "trace_id", url: trace_url }] };
  grafana.dataSources.set(uid, { uid, url: prometheus_url, jsonData: { httpMethod: "POST" } });
  await sync(dashboards, wanted);
  expect(grafana.dataSources.get(uid)).toMatchObject({ url: prometheus_url, jsonData: leads });
  await sync(dashboards, wanted);
  expect(grafana.changes.filter((change) => change.includes("datasources"))).toHaveLength(1);
});

test("what somebody saves between our look and our write is kept as well", async () => {
  const { grafana, dashboards } = await start();
  await sync(dashboards, wanted);
  const edits = ["Just in time"];
  grafana.beforeWrite(() => {
    const title = edits.pop();
    if (title !== undefined) grafana.edit("overview", { panels: [{ id: 1, title }] });
  });
  const result = await sync(dashboards, newer);
  expect(result).toMatchObject({ outcome: "replaced" });
  expect(grafana.dashboards.get("overview")).toMatchObject(newer);
  expect(grafana.dashboards.get(result?.copyUid ?? "")).toMatchObject({
    panels: [{ title: "Just in time" }],
  });
});

test("who goes on saving while it is replaced is left alone, and it is said", async () => {
  const { grafana, dashboards } = await start();
  await sync(dashboards, wanted);
  grafana.beforeWrite(() => grafana.edit("overview", { panels: [{ id: 1, title: "Still at it" }] }));
  await expect(sync(dashboards, newer)).rejects.toMatchObject({
    code: "upstream_error",
    isRetryable: true,
    message: expect.stringContaining("Somebody changes the dashboard Overview"),
  });
  expect(grafana.dashboards.get("overview")).toMatchObject({ panels: [{ title: "Still at it" }] });
});

test("a dashboard that Grafana has from a file is told as such", async () => {
  const { grafana, dashboards } = await start();
  grafana.dashboards.set("overview", { uid: "overview", title: "Overview", version: 1, isFromFile: true });
  await expect(sync(dashboards, wanted)).rejects.toMatchObject({
    code: "upstream_error",
    message: expect.stringContaining("Cannot save provisioned dashboard"),
  });
});

test("a Grafana that goes away in the middle is told as such, and the next time it goes on", async () => {
  const { grafana, dashboards } = await start();
  grafana.failAfter(5);
  const both = [wanted, { ...wanted, uid: "cost", title: "Cost" }];
  await expect(dashboards.sync({ folder, dashboards: both }, never)).rejects.toMatchObject({
    code: "upstream_error",
  });
  expect([...grafana.dashboards.keys()]).toEqual(["overview"]);
  grafana.failAfter(Infinity);
  expect(await dashboards.sync({ folder, dashboards: both }, never)).toMatchObject([
    { uid: "overview", outcome: "unchanged" },
    { uid: "cost", outcome: "created" },
  ]);
});

describe("at the start", () => {
  test.each(["8.5.27", "9.5.21"])("a Grafana %s is too old, and is told what is needed", async (version) => {
    await expect(startWith((grafana) => grafana.sayVersion(version))).rejects.toMatchObject({
      code: "upstream_error",
      message: expect.stringContaining(`Grafana ${version}`),
    });
  });

  test.each(["10.0.0", "13.1.0-pre", undefined])("a Grafana %s will do", async (version) => {
    await expect(startWith((grafana) => grafana.sayVersion(version))).resolves.toBeUndefined();
  });

  test("a wrong token is told as such", async () => {
    await expect(startWith(() => undefined, "glsa_wrong")).rejects.toMatchObject({ code: "upstream_auth" });
  });

  test("one that is down is tried again", async () => {
    await expect(startWith((grafana) => grafana.failAfter(0))).rejects.toMatchObject({
      code: "upstream_error",
      isRetryable: true,
    });
  });
});

async function startWith(
  prepare: (grafana: FakeGrafana) => void,
  token: string = grafanaTokens.editor,
): Promise<void> {
  const grafana = await startGrafana();
  onTestFinished(() => grafana.stop());
  prepare(grafana);
  const host = await createFakeHost({
    definition: grafanaIntegration,
    settings: { url: grafana.origin, token },
  });
  onTestFinished(() => host.cleanup());
  const running = await host.start();
  await running.stop(never);
}

test("an account that may not is told which role it needs, and nothing is half done", async () => {
  const { grafana, dashboards } = await start({ token: grafanaTokens.viewer });
  await expect(sync(dashboards, wanted)).rejects.toMatchObject({
    code: "upstream_auth",
    message: expect.stringContaining("Give it the role Editor"),
  });
  expect(grafana.changes).toEqual([]);
});
