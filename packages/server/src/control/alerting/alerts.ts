import type { AlertNotice } from "@llm-platform/kit";
import { z } from "zod";
import { defineOperation, type Operation } from "../operation.ts";
import { type AlertOperationParts, askReceivers } from "./alert-parts.ts";
import { ruleOperations } from "./alert-rules.ts";
import { silenceOperations } from "./silences.ts";

const labels = z.record(z.string(), z.string());

/** Operations on alerts, and on whom they are told. */
export function alertOperations(parts: AlertOperationParts): readonly Operation[] {
  return [
    ...ownAlertOperations(parts),
    ...ruleOperations(parts),
    ...receiverOperations(parts),
    ...silenceOperations(parts),
  ];
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
      summary: "Sends a test alert to everything that takes alerts, or to one, and tells what each said.",
      permission: "integrations.write",
      rest: { method: "POST", path: "/api/v1/alerts/test" },
      audit: { target: () => ({ type: "alert", id: null, name: "TestAlert" }) },
      input: z.strictObject({
        receiver: z.string().max(128).optional().describe("The one integration that is told. Default: all."),
      }),
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
      run: async ({ receiver }, { signal, principal }) => {
        const test = testAlert(principal.name, alerts.runbooksUrl, nowMs());
        return { receivers: await alerts.deliver(test, signal, receiver) };
      },
    }),
  ];
}

const receiverRow = z.object({
  receiver: z.string().describe("Name of the integration."),
  state: z
    .enum(["ready", "away"])
    .describe("`away` does not run now; it was there since the server started."),
  keeps_silences: z.boolean(),
  waiting: z.number().describe("Notifications that wait to be handed over again."),
  last_taken_at: z.string().nullable().describe("Null before the first."),
  last_failed_at: z.string().nullable(),
  last_problem: z.string().nullable().describe("What went wrong then."),
});

function receiverOperations({ alerts, manager }: AlertOperationParts): readonly Operation[] {
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
        alerts: await askReceivers(manager, async (receiver, each) =>
          ((await each.known?.(signal)) ?? []).map((alert) => ({
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
      name: "alerts.receivers",
      summary:
        "What takes alerts, with how the last handing over went, as the server that answers has it: of replicas the one that leads hands over.",
      permission: "integrations.read",
      rest: { method: "GET", path: "/api/v1/alerts/receivers" },
      input: z.strictObject({}),
      output: z.object({ receivers: z.array(receiverRow).readonly() }),
      run: async () => ({
        receivers: alerts.records.map((record) => ({
          receiver: record.receiver,
          state: record.isThere ? ("ready" as const) : ("away" as const),
          keeps_silences: record.keepsSilences,
          waiting: record.waiting,
          last_taken_at: toText(record.takenAtMs),
          last_failed_at: toText(record.failure?.atMs),
          last_problem: record.failure?.problem ?? null,
        })),
      }),
    }),
  ];
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

function toText(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : new Date(timeMs).toISOString();
}
