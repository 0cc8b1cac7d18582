import type { AlertNotice } from "@llm-platform/kit";
import { expect, test } from "vitest";
import { ReplicaAlerts } from "./replica-alerts.ts";

const silenceMs = 60_000;

function notice(name: string, startedAtMs = 0): AlertNotice {
  return {
    status: "firing",
    name,
    severity: "warning",
    labels: { integration: "mock" },
    summary: "",
    description: "",
    runbookUrl: "",
    startedAtMs,
  };
}

const shown = (notices: readonly AlertNotice[]) => notices.map(({ name, status }) => `${name} ${status}`);

test("what two replicas find is one alert, since the first found it, and over when no one finds it", () => {
  const alerts = new ReplicaAlerts(silenceMs);
  alerts.tell("a", [notice("Slow", 20)], 100);
  alerts.tell("b", [notice("Slow", 10)], 100);
  expect(alerts.step(100)).toEqual([notice("Slow", 10)]);
  alerts.tell("a", [], 200);
  expect(alerts.step(200)).toEqual([]);
  alerts.tell("b", [], 300);
  expect(alerts.step(300)).toEqual([
    { ...notice("Slow", 20), status: "resolved", endedAtMs: 300, startedAtMs: 10 },
  ]);
});

test("an alert of another replica goes with the replica", () => {
  const alerts = new ReplicaAlerts(silenceMs);
  alerts.tell("a", [], 0);
  alerts.tell("b", [notice("Disk")], 0);
  expect(shown(alerts.step(0))).toEqual(["Disk firing"]);
  alerts.tell("a", [], silenceMs + 1);
  expect(shown(alerts.step(silenceMs + 1))).toEqual(["Disk resolved"]);
  expect(alerts.firing).toEqual([]);
});
