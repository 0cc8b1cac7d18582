import type { AlertNotice, AlertReceiver } from "@llm-platform/kit";
import { z } from "zod";
import type { Manager } from "../manager/manager.ts";
import type { AlertDispatcher } from "./alert-dispatcher.ts";
import { defineOperation, type Operation } from "./operation.ts";

/** The alerts that the platform itself finds, and the way to those who are told. */
export interface AlertPort extends Pick<AlertDispatcher, "deliver"> {
  readonly firing: readonly AlertNotice[];
  readonly runbooksUrl: string;
}

export interface AlertOperationParts {
  readonly alerts: AlertPort;
  readonly manager: Pick<Manager, "list" | "running">;
  nowMs(): number;
}

const labels = z.record(z.string(), z.string());

/** Operations on alerts, and on whom they are told. */
export function alertOperations(parts: AlertOperationParts): readonly Operation[] {
  return [...ownAlertOperations(parts), ...receiverOperations(parts.manager)];
}

function ownAlertOperations({ alerts, nowMs }: AlertOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "alerts.list",
      summary: "The alerts that the platform itself finds to fire now, over all replicas.",
      permission: "integrations.read",
      rest: { method: "GET", path: "/api/v1/alerts" },
      input: z.strictObject({}),
      output: z.object({
        alerts: z
          .array(
            z.object({
              name: z.string(),
              severity: z.string(),
              labels,
              summary: z.string(),
              description: z.string(),
              runbook_url: z.string(),
              started_at: z.string(),
            }),
          )
          .readonly(),
      }),
      run: async () => ({
        alerts: alerts.firing.map((notice) => ({
          name: notice.name,
          severity: notice.severity,
          labels: notice.labels,
          summary: notice.summary,
          description: notice.description,
          runbook_url: notice.runbookUrl,
          started_at: new Date(notice.startedAtMs).toISOString(),
        })),
      }),
    }),
    defineOperation({
      name: "alerts.test",
      summary: "Sends a test alert to everything that takes alerts, and tells what each said.",
      permission: "integrations.write",
      rest: { method: "POST", path: "/api/v1/alerts/test" },
      audit: { target: () => ({ type: "alert", id: null, name: "TestAlert" }) },
      input: z.strictObject({}),
      output: z.object({
        receivers: z
          .array(
            z.object({
              receiver: z.string(),
              problem: z.string().nullable().describe("Null when the alert was taken."),
            }),
          )
          .readonly(),
      }),
      run: async (_input, { signal, principal }) => ({
        receivers: await alerts.deliver(testAlert(principal.name, alerts.runbooksUrl, nowMs()), signal),
      }),
    }),
  ];
}

function receiverOperations(manager: AlertOperationParts["manager"]): readonly Operation[] {
  return [
    defineOperation({
      name: "alerts.known",
      summary: "What the receivers that keep alerts, such as Alertmanager, know of now, from whomever.",
      permission: "integrations.read",
      rest: { method: "GET", path: "/api/v1/alerts/known" },
      input: z.strictObject({}),
      output: z.object({
        alerts: z
          .array(
            z.object({
              receiver: z.string(),
              name: z.string(),
              labels,
              is_suppressed: z.boolean(),
              started_at: z.string(),
            }),
          )
          .readonly(),
      }),
      run: async (_input, { signal }) => ({
        alerts: await askAll(manager, async (receiver, alerts) =>
          ((await alerts.known?.(signal)) ?? []).map((alert) => ({
            receiver,
            name: alert.name,
            labels: alert.labels,
            is_suppressed: alert.isSuppressed,
            started_at: alert.startedAt,
          })),
        ),
      }),
    }),
    defineOperation({
      name: "alerts.silences",
      summary: "The times in which Alertmanager tells nobody of some alerts.",
      permission: "integrations.read",
      rest: { method: "GET", path: "/api/v1/alerts/silences" },
      input: z.strictObject({}),
      output: z.object({
        silences: z
          .array(
            z.object({
              receiver: z.string(),
              id: z.string(),
              matchers: z.array(z.string()).readonly(),
              ends_at: z.string(),
              created_by: z.string(),
              comment: z.string(),
            }),
          )
          .readonly(),
      }),
      run: async (_input, { signal }) => ({
        silences: await askAll(manager, async (receiver, alerts) =>
          ((await alerts.silences?.(signal)) ?? []).map((silence) => ({
            receiver,
            id: silence.id,
            matchers: silence.matchers,
            ends_at: silence.endsAt,
            created_by: silence.createdBy,
            comment: silence.comment,
          })),
        ),
      }),
    }),
  ];
}

async function askAll<Row>(
  manager: AlertOperationParts["manager"],
  ask: (name: string, alerts: AlertReceiver) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const found = manager.list().flatMap(({ name }) => {
    const alerts = manager.running(name)?.alerts;
    return alerts === undefined ? [] : [{ name, alerts }];
  });
  return (await Promise.all(found.map(({ name, alerts }) => ask(name, alerts)))).flat();
}

function testAlert(who: string, runbooksUrl: string, nowMs: number): AlertNotice {
  return {
    status: "firing",
    name: "TestAlert",
    severity: "info",
    labels: {},
    summary: "A test of the way that alerts take",
    description: `${who} has sent this to see whether alerts arrive. There is nothing to do.`,
    runbookUrl: `${runbooksUrl}/README.md`,
    startedAtMs: nowMs,
  };
}
