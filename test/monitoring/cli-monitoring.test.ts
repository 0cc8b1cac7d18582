import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { findService } from "../../tools/services.ts";
import { runLlmp } from "../e2e/cli-process.ts";
import { ask } from "../e2e/http.ts";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";
import { type FakeGrafana, grafanaTokens, startGrafana } from "../fakes/grafana.ts";

const promtool = findService("promtool");

let grafana: FakeGrafana;
let platform: Platform;

beforeAll(async () => {
  grafana = await startGrafana();
  platform = await startPlatform({
    config: { prometheus: { job: "llm", runbooks_url: "https://wiki.example/alerts/" } },
    // The short names switch it on and say where it is.
    env: { GRAFANA_ENABLED: "true", GRAFANA_URL: grafana.origin, GRAFANA_TOKEN: grafanaTokens.editor },
  });
});
afterAll(async () => {
  await platform.stop();
  await grafana.stop();
});

function llmp(args: readonly string[]) {
  return runLlmp(args, { env: { LLM_PLATFORM_URL: platform.url } });
}

test("grafana sync brings the five dashboards, and says so", async () => {
  const { exitCode, stdout, stderr } = await llmp(["grafana", "sync"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout.match(/created/g)).toHaveLength(5);
  expect([...grafana.dashboards.values()].map(({ title }) => title)).toContain("Cost Analysis");
  expect((await llmp(["grafana", "sync"])).stdout.match(/unchanged/g)).toHaveLength(5);
  // Who brought them is on record.
  expect((await ask(platform, "/api/v1/audit?operation=grafana.sync")).text).toContain("grafana.sync");
});

test.skipIf(promtool === undefined)(
  "prometheus rules prints files that promtool reads, with this installation's job and runbooks",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "llm-platform-cli-rules-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const form of ["alerts", "recording"]) {
      const { exitCode, stdout } = await llmp(["prometheus", "rules", "--form", form]);
      expect(exitCode).toBe(0);
      const file = join(folder, `${form}.yaml`);
      await writeFile(file, stdout);
      const result = spawnSync(promtool ?? "", ["check", "rules", file], { encoding: "utf8" });
      expect(result.status, result.stderr).toBe(0);
    }
    const { stdout } = await llmp(["prometheus", "rules"]);
    expect(stdout).toContain('up{job="llm"} == 0');
    expect(stdout).toContain("runbook_url: https://wiki.example/alerts/HighErrorRate.md");
  },
);

test.skipIf(promtool === undefined)(
  "prometheus scrape-config prints what promtool reads, and the targets",
  async () => {
    const { exitCode, stdout, stderr } = await llmp(["prometheus", "scrape-config"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stderr)).toEqual([{ targets: ["127.0.0.1:0"], labels: {} }]);
    const folder = await mkdtemp(join(tmpdir(), "llm-platform-cli-scrape-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const local = stdout.replaceAll("/etc/prometheus/", `${folder}/`).replaceAll("targets/llm", "llm");
    await writeFile(join(folder, "llm-platform.key"), "key");
    await writeFile(join(folder, "llm-platform.json"), stderr);
    await writeFile(join(folder, "prometheus.yml"), `scrape_configs:\n${local.replaceAll(/^/gm, "  ")}`);
    const result = spawnSync(promtool ?? "", ["check", "config", join(folder, "prometheus.yml")], {
      encoding: "utf8",
    });
    expect(result.status, result.stderr + result.stdout).toBe(0);
  },
);

test("alerts test says that nothing takes alerts, and fails", async () => {
  const { exitCode, stderr } = await llmp(["alerts", "test"]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("nothing takes alerts");
  expect((await llmp(["alerts", "list"])).exitCode).toBe(0);
  expect((await llmp(["alerts", "silences"])).exitCode).toBe(0);
});
