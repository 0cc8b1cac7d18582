import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { dashboards } from "../../packages/server/src/telemetry/dashboards/all-dashboards.ts";
import { toDashboardJson } from "../../packages/server/src/telemetry/dashboards/dashboard-json.ts";
import {
  alertRuleFile,
  defaultRunbooksUrl,
  recordingRuleFile,
} from "../../packages/server/src/telemetry/rules/rule-file.ts";
import { ask, chat } from "../e2e/http.ts";
import { openAiIntegration, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type Fault } from "../fakes/fake-upstream.ts";
import { prometheusProgram, startPrometheus } from "../services/prometheus.ts";

const panels = dashboards.flatMap(({ title, rows }) =>
  rows.flatMap((row) => row.panels.map((panel) => ({ name: `${title}: ${panel.title}`, panel }))),
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

/** As Grafana fills in what is chosen: everything, and a step of a few seconds. */
function fillIn(expression: string): string {
  return expression.replaceAll("$__rate_interval", "5s").replaceAll(/\$(?:provider|model)/g, ".*");
}

function failures(length: number): readonly Fault[] {
  return Array.from({ length }, () => ({ kind: "status", status: 500 }));
}

/** A folder with a driver's program that tells of a GPU, as nvidia-smi does. */
async function makeDriver(folder: string): Promise<string> {
  const bin = join(folder, "bin");
  await mkdir(bin);
  const program = join(bin, "nvidia-smi");
  await writeFile(
    program,
    "#!/bin/sh\necho '0, GPU-3a1, NVIDIA H100 80GB HBM3, 81559, 79000, 37, 31, 69.52'\n",
  );
  await chmod(program, 0o755);
  return bin;
}

test.skipIf(prometheusProgram === undefined)(
  "Prometheus understands what each panel asks, and has an answer",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "llm-platform-dashboards-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const upstream = await createFakeUpstream({ dialect: "openai" });
    onTestFinished(() => upstream.stop());
    const platform = await startPlatform({
      config: {
        integrations: [openAiIntegration("fake", upstream.origin)],
        prices: [{ model: "tiny-chat", input_per_million: 3, output_per_million: 7 }],
        overload: { max_memory_bytes: 8_000_000_000 },
        gateway: { breaker: { open_seconds: 1 } },
      },
      env: { PATH: `${await makeDriver(folder)}${delimiter}${process.env["PATH"]}` },
    });
    const budget = { name: "all", scope: "global", amount_micros: 100_000_000, period: "month" };
    const made = await ask(platform, "/api/v1/budgets", { body: budget });
    expect(made.status, made.text).toBe(200);
    const rules = { runbooksUrl: defaultRunbooksUrl, speed: 60 };
    const prometheus = await startPrometheus({
      folder,
      target: `127.0.0.1:${platform.port}`,
      rules: [alertRuleFile(rules), recordingRuleFile(rules)],
    });
    onTestFinished(() => prometheus.stop());
    const state = { isOver: false };
    const calling = (async () => {
      for (let count = 0; !state.isOver; count++) {
        // One fails at first, and one to the end.
        if (count === 10) upstream.script(failures(1));
        if (count === 20) upstream.script(failures(4));
        await chat(platform, "tiny-chat", { stream: count % 2 === 0 }).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    const empty = new Set(panels.filter(({ panel }) => panel.needs === undefined).map(({ name }) => name));
    try {
      await vi.waitFor(
        async () => {
          for (const { name, panel } of panels) {
            const answers = await Promise.all(
              panel.queries.map(({ expression }) => prometheus.query(fillIn(expression))),
            );
            if (answers.every((samples) => samples.some(({ value }) => !Number.isNaN(value))))
              empty.delete(name);
          }
          expect([...empty]).toEqual([]);
        },
        { timeout: 60_000, interval: 1_000 },
      );
    } finally {
      state.isOver = true;
      await calling;
    }
    await platform.stop();
  },
  120_000,
);
