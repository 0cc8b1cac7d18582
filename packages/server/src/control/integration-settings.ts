import { type JsonObject, PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { hasOtherAddresses, keepSecrets } from "../core/kept-secrets.ts";
import { showBySchema } from "../core/shown-value.ts";
import type { Manager } from "../manager/manager.ts";
import type { Trial } from "../manager/trial.ts";
import type { AddedIntegrationParts } from "./added-integrations.ts";
import { defineOperation, type Operation } from "./operation.ts";

const named = z.strictObject({ name: z.string().min(1).max(128).describe("Name of the integration.") });

/** What an integration is set to, and the trial of other settings. */
export function integrationSettingOperations(parts: AddedIntegrationParts): readonly Operation[] {
  return [settingsOperation(parts), testOperation(parts)];
}

function settingsOperation({ manager, roster }: AddedIntegrationParts): Operation {
  return defineOperation({
    name: "integrations.settings",
    summary:
      "How an integration is configured, secrets as `[secret]`, and the JSON Schema of its settings, from which a form can be drawn.",
    permission: "integrations.read",
    rest: { method: "GET", path: "/integrations/{name}/config" },
    input: named,
    output: z.object({
      name: z.string(),
      use: z.string(),
      origin: z
        .enum(["configuration", "added"])
        .describe("`added` over the API, and can be deleted; else it comes with the platform or its file."),
      enabled: z.boolean(),
      priority: z.number(),
      settings: z.record(z.string(), z.unknown()),
      schema: z.record(z.string(), z.unknown()),
      health_check_interval: z.number().describe("Seconds."),
      retry_config: z
        .object({ max_retries: z.number(), backoff_factor: z.number(), max_backoff: z.number() })
        .describe("`max_backoff` in seconds."),
    }),
    run: async ({ name }) => {
      const { use, enabled, priority, settings, health_check_interval, retry_config } = manager.config(name);
      const schema = manager.settingsSchema(name);
      const shown = showBySchema(settings, schema);
      return {
        name,
        use,
        origin: roster.isAdded(name) ? ("added" as const) : ("configuration" as const),
        enabled,
        priority,
        settings: isObject(shown) ? shown : {},
        schema,
        health_check_interval,
        retry_config: { ...retry_config },
      };
    },
  });
}

function testOperation({ manager, roster }: AddedIntegrationParts): Operation {
  return defineOperation({
    name: "integrations.test",
    summary:
      "Starts an integration with other settings beside the one that runs, or one that there is not yet, asks how it is and what it offers, and stops it. Nothing is changed.",
    permission: "integrations.write",
    rest: { method: "POST", path: "/integrations/{name}/test" },
    audit: "reads",
    input: named.extend({
      use: z
        .string()
        .min(1)
        .max(256)
        .optional()
        .describe("What it would be: one of `integrations.kinds`. Only for one that there is not yet."),
      settings: z
        .record(z.string(), z.unknown())
        .optional()
        .describe("Default: those in force. A secret that is sent as `[secret]` is the one in force."),
    }),
    output: z.object({
      status: z.enum(["ok", "degraded", "failed", "auth_required"]),
      detail: z.string().nullable(),
      remedy: z.string().nullable().describe("What to do where it is not well."),
      duration_ms: z.number().describe("To start it and to ask it once."),
      models: z
        .array(z.string())
        .readonly()
        .nullable()
        .describe("Of a model platform: the first of its models."),
      model_count: z.number().nullable(),
    }),
    run: async ({ name, use, settings }) => {
      if (use !== undefined) return toVerdict(await roster.tryNew({ name, use, settings: settings ?? {} }));
      const patch = settings === undefined ? {} : { settings: withKeptSecrets(manager, name, settings) };
      return toVerdict(await manager.tryOut(name, patch));
    },
  });
}

const mostShownModels = 100;

function toVerdict({ status, detail, durationMs, models }: Trial) {
  return {
    status,
    detail: detail ?? null,
    remedy: remedies[status],
    duration_ms: Math.round(durationMs),
    models: models?.slice(0, mostShownModels) ?? null,
    model_count: models?.length ?? null,
  };
}

const remedies: Readonly<Record<Trial["status"], string | null>> = {
  ok: null,
  degraded: "It can be used. Look at the server itself for what it lacks.",
  failed:
    "Check that the server runs, and that its address with port and path is right as seen from the platform's machine.",
  auth_required: "Give the credential that the server asks for, or one that is still good.",
};

/**
 * Settings with the secrets in force where `[secret]` was sent.
 * Throws PlatformError `invalid_request` when such a secret would go to another server than it was given for.
 */
export function withKeptSecrets(
  manager: Pick<Manager, "config">,
  name: string,
  sent: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const before = manager.config(name).settings;
  const { settings, kept } = keepSecrets(sent, before);
  const [first] = kept;
  if (first === undefined || !hasOtherAddresses(settings, before)) return settings;
  throw new PlatformError(
    "invalid_request",
    `The address has changed: write ${kept.join(", ")} anew, so that no secret goes where it was not meant for.`,
    {
      field: `settings.${first}`,
      problems: kept.map((field) => ({
        field: `settings.${field}`,
        message: "The address has changed: write this anew.",
      })),
    },
  );
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
