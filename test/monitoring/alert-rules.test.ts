import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alertRules } from "../../packages/server/src/telemetry/rules/alert-rules.ts";
import { recordingRules } from "../../packages/server/src/telemetry/rules/recording-rules.ts";
import { findService } from "../../tools/services.ts";
import { type AlertCase, alertCases, type Series } from "./alert-cases.ts";

const promtool = findService("promtool");
// JSON is YAML as well: the files need no writer of their own.
const repository = fileURLToPath(new URL("../../", import.meta.url));
const ruleFiles = ["alerts", "recording"].map((name) =>
  join(repository, `deploy/prometheus/rules/${name}.yaml`),
);
const rules = alertRules.flatMap((group) => group.rules);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-platform-rules-"));
});
afterAll(() => rm(folder, { recursive: true }));

function runPromtool(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(promtool ?? "", args, { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

function keyOf({ alert, labels }: Pick<AlertCase, "alert" | "labels">): string {
  return `${alert} ${labels["severity"]}`;
}

/** What promtool is to find: the alert with its labels, or no alert of that name and severity. */
function unitTest(each: AlertCase, series: readonly Series[], isFiring: boolean): object {
  const labels = Object.entries({ alertname: each.alert, severity: each.labels["severity"] });
  const selector = labels.map(([name, value]) => `${name}="${value}"`).join(",");
  const found = Object.entries({ alertname: each.alert, alertstate: "firing", ...each.labels });
  return {
    name: `${keyOf(each)} ${isFiring ? "fires" : "does not fire"}`,
    interval: "1m",
    input_series: series,
    promql_expr_test: [
      {
        expr: `ALERTS{${selector},alertstate="firing"}`,
        eval_time: each.at,
        exp_samples: isFiring
          ? [
              {
                labels: `ALERTS{${found.map(([name, value]) => `${name}="${value}"`).join(",")}}`,
                value: 1,
              },
            ]
          : [],
      },
    ],
  };
}

test("every alert has a case, and no case is of an alert that there is not", () => {
  expect(alertCases.map(keyOf).toSorted()).toEqual(
    rules.map(({ name, severity }) => `${name} ${severity}`).toSorted(),
  );
});

test("every alert has its page in the runbooks, and every page its alert", async () => {
  const pages = await readdir(join(repository, "docs/runbooks"));
  const names = [...new Set(rules.map(({ name }) => `${name}.md`))];
  expect(pages.filter((page) => page !== "README.md").toSorted()).toEqual(names.toSorted());
  for (const name of names) {
    const text = await readFile(join(repository, "docs/runbooks", name), "utf8");
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings, name).toEqual(["Meaning", "Impact", "Look at", "Do"]);
  }
});

test.skipIf(promtool === undefined)("promtool finds no fault with the rules", () => {
  const { status, output } = runPromtool("check", "rules", "--lint=all", "--lint-fatal", ...ruleFiles);
  expect(status, output).toBe(0);
});

// What is recorded comes first: after ten minutes Prometheus has forgotten what was recorded before.
// Hours are looked at in larger steps: each takes promtool as long as a minute does.
test.skipIf(promtool === undefined).each([
  { length: "minutes", evaluation_interval: "1m" },
  { length: "hours", evaluation_interval: "10m" },
])("within $length each alert fires when it is to, and does not when all is nearly as bad", async (step) => {
  const tests = alertCases
    .filter(({ at }) => at.endsWith("h") === (step.length === "hours"))
    .flatMap((each) => [
      unitTest(each, each.fires, true),
      ...(each.alert === "Watchdog" ? [] : [unitTest(each, each.quiet, false)]),
    ]);
  const file = join(folder, `${step.length}.test.yaml`);
  const { evaluation_interval } = step;
  const group_eval_order = [...recordingRules, ...alertRules].map(({ name }) => name);
  const content = { rule_files: ruleFiles, evaluation_interval, group_eval_order, tests };
  await writeFile(file, JSON.stringify(content));
  const { status, output } = runPromtool("test", "rules", file);
  expect(status, output).toBe(0);
});

test.skipIf(promtool === undefined)("a rule that is wrong is found by these cases", async () => {
  const [alerts = "", recording = ""] = ruleFiles;
  const wrong = (await readFile(alerts, "utf8")).replace("_bytes) > 0.9\n", "_bytes) > 0.99\n");
  await writeFile(join(folder, "wrong.yaml"), wrong);
  const tests = alertCases
    .filter(({ alert }) => alert === "GpuMemoryHigh")
    .map((each) => unitTest(each, each.fires, true));
  const file = join(folder, "wrong.test.yaml");
  const files = [join(folder, "wrong.yaml"), recording];
  await writeFile(file, JSON.stringify({ rule_files: files, evaluation_interval: "1m", tests }));
  expect(runPromtool("test", "rules", file).status).not.toBe(0);
});
