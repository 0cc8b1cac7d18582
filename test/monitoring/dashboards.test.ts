import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { dashboards } from "../../packages/server/src/telemetry/dashboards/all-dashboards.ts";
import { toDashboardJson } from "../../packages/server/src/telemetry/dashboards/dashboard-json.ts";
import { dataSourceFile } from "../../packages/server/src/telemetry/dashboards/provisioning.ts";
import { prometheusProgram } from "../services/prometheus.ts";
import { type BusyPlatform, startBusyPlatform } from "./dashboards/busy-platform.ts";
import { fillIn } from "./dashboards/fill-in.ts";
import { firstChoice, readExemplars } from "./dashboards/panel-data.ts";
import { panelsOf, readDashboard } from "./dashboards/panel-json.ts";

const pages = dashboards.map((dashboard) => readDashboard(toDashboardJson(dashboard)));
const panels = pages.flatMap((page) =>
  panelsOf(page).map((panel) => ({ name: `${page.title}: ${panel.title}`, panel, page })),
);

test("dashboards have the titles that are promised, and addresses that stay", () => {
  expect(dashboards.map(({ title, uid }) => [title, uid])).toEqual([
    ["LLM Platform Overview", "llm-platform-overview"],
    ["Model Performance", "llm-platform-models"],
    ["Resource Monitoring", "llm-platform-resources"],
    ["Cost Analysis", "llm-platform-cost"],
    ["SLO & Alerts", "llm-platform-slo"],
  ]);
  expect(new Set(panels.map(({ name }) => name)).size).toBe(panels.length);
});

test.each(dashboards.map((dashboard) => ({ dashboard })))(
  "$dashboard.title names no data source of its own, and no panel lies over another",
  ({ dashboard }) => {
    const json = toDashboardJson(dashboard);
    const sources = [...JSON.stringify(json).matchAll(/"type":"prometheus","uid":"([^"]+)"/g)];
    expect(sources.length).toBeGreaterThan(5);
    for (const [, uid] of sources) expect(uid).toBe("${DS_PROMETHEUS}");
    const taken = new Set<string>();
    for (const { gridPos } of Array.isArray(json["panels"]) ? json["panels"] : [])
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x).toBeLessThan(24);
          expect(taken.has(`${x} ${y}`)).toBe(false);
          taken.add(`${x} ${y}`);
        }
  },
);

test.each(panels)("$name has a unit, a description and thresholds in order", ({ panel }) => {
  const { unit, thresholds } = panel.fieldConfig.defaults;
  expect(unit).not.toBe("");
  expect(panel.description).toMatch(/\.$/);
  const [base, ...steps] = thresholds.steps.map(({ value }) => value);
  // The lowest step holds from nowhere on.
  expect(base).toBeNull();
  const values = steps.map(Number);
  expect(values).toEqual(values.toSorted((one, other) => one - other));
});

test.each(pages)("$title offers those variables that its queries read", (page) => {
  const read = panelsOf(page).flatMap(({ targets }) =>
    targets.flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)].map(([, name]) => name ?? "")),
  );
  const known = new Set(["__rate_interval"]);
  const offered = page.templating.list.map(({ name }) => name).filter((name) => name !== "DS_PROMETHEUS");
  expect(new Set(read.filter((name) => !known.has(name)))).toEqual(new Set(offered));
});

test("the slowest calls lead to their traces: queries ask for exemplars, and the data source knows where those lead", () => {
  const asked = panels.filter(({ panel }) => panel.targets.some(({ exemplar }) => exemplar));
  expect(asked.map(({ name }) => name)).toContain("LLM Platform Overview: Time of a call");
  const text = dataSourceFile("http://prometheus:9090", "http://jaeger:16686/trace/$${__value.raw}");
  expect(text).toContain("exemplarTraceIdDestinations:\n        - name: trace_id");
});

describe.skipIf(prometheusProgram === undefined)("a real Prometheus that watches a busy platform", () => {
  let busy: BusyPlatform;
  const waiting = { timeout: 120_000, interval: 1_000 };
  beforeAll(async () => {
    busy = await startBusyPlatform({ scrapeMs: 500 });
  });
  afterAll(() => busy.stop());

  test("has an answer to every query of every panel", async () => {
    const { prometheus } = busy;
    const open = new Map(
      panels.flatMap(({ name, panel, page }) =>
        panel.targets.map(({ expr }) => [`${name}: ${expr}`, { expr, page }]),
      ),
    );
    await vi.waitFor(async () => {
      for (const [name, { expr, page }] of open) {
        const samples = await prometheus.query(fillIn(expr, await firstChoice(page, prometheus)));
        if (samples.some(({ value }) => !Number.isNaN(value))) open.delete(name);
      }
      expect([...open.keys()]).toEqual([]);
    }, waiting);
  }, 150_000);

  test("answers for the models that are chosen alone", async () => {
    const { prometheus } = busy;
    const byModel = panels.find(({ name }) => name === "Model Performance: Calls by model");
    const [target] = byModel?.panel.targets ?? [];
    const modelsOf = async (model?: readonly string[]) => {
      const chosen = model === undefined ? {} : { model };
      const samples = await prometheus.query(fillIn(target?.expr ?? "", chosen));
      return samples.map(({ labels }) => labels["model"]).toSorted();
    };
    expect((await modelsOf()).length).toBeGreaterThan(2);
    expect(await modelsOf(["llama-3.1-8b"])).toEqual(["llama-3.1-8b"]);
    expect(await modelsOf(["gpt-4o-mini", "qwen-2.5-7b"])).toEqual(["gpt-4o-mini", "qwen-2.5-7b"]);
  });

  test("keeps the traces of calls beside their times", async () => {
    const { prometheus } = busy;
    const panel = panels.find(({ name }) => name === "LLM Platform Overview: Time of a call")?.panel;
    if (panel === undefined) throw new Error("there is no such panel");
    await vi.waitFor(async () => {
      const span = { fromMs: Date.now() - 600_000, toMs: Date.now(), stepSeconds: 1 };
      const [first] = await readExemplars(panel, { prometheus, span, chosen: {} });
      expect(first?.labels["trace_id"]).toMatch(/^[0-9a-f]{32}$/);
    }, waiting);
  }, 150_000);
});
