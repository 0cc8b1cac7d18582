import { type AlertReceiver, PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { defineOperation, type Operation } from "../operation.ts";
import { type AlertOperationParts, askReceivers, listReceivers } from "./alert-parts.ts";

const longestMinutes = 366 * 24 * 60;
const longestLookMs = 2_000;

const silenceInput = z.strictObject({
  receiver: z
    .string()
    .max(128)
    .optional()
    .describe("The integration that keeps it, such as `alertmanager`. Default: each that keeps silences."),
  matchers: z
    .array(z.strictObject({ name: z.string().min(1).max(128), value: z.string().min(1).max(512) }))
    .min(1)
    .max(20)
    .describe("An alert is silenced that has every one of these labels; its name is `alertname`."),
  minutes: z.number().int().min(1).max(longestMinutes).describe("How long from now on."),
  comment: z.string().min(1).max(1_000).describe("Why."),
});

const madeSilence = z.object({ receiver: z.string(), id: z.string() });

/** Operations on the times in which nobody is told. Receivers keep them, the platform does not. */
export function silenceOperations(parts: AlertOperationParts): readonly Operation[] {
  return [listOperation(parts), makeOperation(parts), endOperation(parts)];
}

function listOperation({ manager }: AlertOperationParts): Operation {
  return defineOperation({
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
      silences: await askReceivers(manager, async (receiver, alerts) =>
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
  });
}

function makeOperation({ manager, nowMs }: AlertOperationParts): Operation {
  return defineOperation({
    name: "alerts.silence",
    summary: "Has Alertmanager tell nobody of some alerts for a time.",
    permission: "integrations.write",
    rest: { method: "POST", path: "/api/v1/alerts/silences" },
    audit: {
      target: ({ matchers }, output) => ({
        type: "silence",
        id: output?.silences[0]?.id ?? null,
        name: matchers.map(({ name, value }) => `${name}="${value}"`).join(" "),
      }),
    },
    input: silenceInput,
    output: z.object({ silences: z.array(madeSilence).readonly() }),
    run: async ({ receiver, matchers, minutes, comment }, { signal, principal }) => {
      const keepers = keepersOf(manager, receiver);
      const silence = {
        matchers,
        comment,
        createdBy: principal.name,
        endsAtMs: nowMs() + minutes * 60_000,
      };
      return {
        silences: await Promise.all(
          keepers.map(async ({ name, make }) => ({ receiver: name, id: await make(silence, signal) })),
        ),
      };
    },
  });
}

function endOperation({ manager }: AlertOperationParts): Operation {
  return defineOperation({
    name: "alerts.unsilence",
    summary: "Ends a silence now.",
    permission: "integrations.write",
    rest: { method: "DELETE", path: "/api/v1/alerts/silences/{receiver}/{id}" },
    audit: {
      target: ({ id }) => ({ type: "silence", id, name: null }),
      nameOf: ({ receiver, id }) => matchersOf(manager, receiver, id),
    },
    input: z.strictObject({ receiver: z.string().min(1).max(128), id: z.string().min(1).max(128) }),
    output: madeSilence,
    run: async ({ receiver, id }, { signal }) => {
      const [keeper] = keepersOf(manager, receiver);
      await keeper?.end(id, signal);
      return { receiver, id };
    },
  });
}

/** What a silence is of; undefined where its receiver does not tell in time: whoever ends it is told why. */
async function matchersOf(
  manager: AlertOperationParts["manager"],
  receiver: string,
  id: string,
): Promise<string | undefined> {
  const keeper = listReceivers(manager).find(({ name }) => name === receiver);
  try {
    const silences = await keeper?.alerts.silences?.(AbortSignal.timeout(longestLookMs));
    return silences?.find((silence) => silence.id === id)?.matchers.join(" ");
  } catch {
    return undefined;
  }
}

interface Keeper {
  readonly name: string;
  readonly make: NonNullable<AlertReceiver["silence"]>;
  readonly end: NonNullable<AlertReceiver["endSilence"]>;
}

/** Who keeps silences, one at least. Throws PlatformError `not_found`. */
function keepersOf(manager: AlertOperationParts["manager"], only: string | undefined): readonly Keeper[] {
  const keepers = listReceivers(manager).flatMap(({ name, alerts }) => {
    const make = alerts.silence?.bind(alerts);
    const end = alerts.endSilence?.bind(alerts);
    const isWanted = only === undefined || only === name;
    return make === undefined || end === undefined || !isWanted ? [] : [{ name, make, end }];
  });
  if (keepers.length > 0) return keepers;
  throw new PlatformError(
    "not_found",
    only === undefined
      ? "No integration that runs keeps silences. Add alertmanager, or start it."
      : `${only} is no integration that runs and keeps silences.`,
    { field: "receiver" },
  );
}
