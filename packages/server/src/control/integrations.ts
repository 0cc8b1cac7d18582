import { integrationStates, type Json } from "@llm-platform/kit";
import { z } from "zod";
import { showBySchema } from "../core/shown-value.ts";
import type { Manager } from "../manager/manager.ts";
import type { MetricRegistry } from "../telemetry/registry.ts";
import {
  type AddedIntegrationParts,
  addedIntegrationOperations,
  type RosterPort,
} from "./added-integrations.ts";
import {
  integrationFields,
  integrationStatusSchema,
  probe,
  showConfig,
  toTarget,
} from "./integration-fields.ts";
import { integrationSettingOperations, withKeptSecrets } from "./integration-settings.ts";
import { defineOperation, type Operation } from "./operation.ts";

export interface IntegrationOperationParts {
  readonly manager: Manager;
  readonly registry: MetricRegistry;
  readonly roster: RosterPort;
  /** Keeps a change of configuration over restarts. */
  saveConfig(name: string, patch: object): Promise<void>;
  readonly usesOf: AddedIntegrationParts["usesOf"];
}

const named = z.strictObject({ name: z.string().min(1).max(128).describe("Name of the integration.") });

const statusList = z.object({ integrations: z.array(integrationStatusSchema).readonly() });

const configInput = named.extend({
  ...integrationFields,
  settings: integrationFields.settings.describe(
    "A secret that is sent as `[secret]` stays as it is, while the addresses do.",
  ),
});

const healthOutput = z.object({
  status: z.enum(["ok", "degraded"]).describe("degraded when an enabled integration is not running."),
  integrations: z.record(
    z.string(),
    z.object({
      state: z.enum(integrationStates),
      reason: z.string().nullable(),
      last_probe: probe.nullable(),
    }),
  ),
});

/** Operations on integrations. */
export function integrationOperations(parts: IntegrationOperationParts): readonly Operation[] {
  return [
    ...readingOperations(parts),
    ...integrationSettingOperations(parts),
    ...changingOperations(parts),
    ...addedIntegrationOperations(parts),
  ];
}

function readingOperations({ manager, registry }: IntegrationOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "integrations.list",
      summary: "Every integration with its state.",
      permission: "integrations.read",
      rest: { method: "GET", path: "/integrations/" },
      input: z.strictObject({}),
      output: statusList,
      run: async () => ({ integrations: manager.list() }),
    }),
    defineOperation({
      name: "integrations.health",
      summary: "Whether every enabled integration is well, from the last probes; nothing is probed anew.",
      permission: "integrations.read",
      rest: { method: "GET", path: "/integrations/health" },
      input: z.strictObject({}),
      output: healthOutput,
      run: async () => {
        const all = manager.list();
        const isWell = all.every(({ state }) => state === "running" || state === "disabled");
        const each = all.map(
          ({ name, state, reason, last_probe }) => [name, { state, reason, last_probe }] as const,
        );
        const status = isWell ? ("ok" as const) : ("degraded" as const);
        return { status, integrations: Object.fromEntries(each) };
      },
    }),
    defineOperation({
      name: "integrations.status",
      summary: "One integration with its state.",
      permission: "integrations.read",
      rest: { method: "GET", path: "/integrations/{name}/status" },
      input: named,
      output: integrationStatusSchema,
      run: async ({ name }) => manager.status(name),
    }),
    defineOperation({
      name: "integrations.metrics",
      summary: "The metrics of one integration, the same figures as in /metrics.",
      permission: "integrations.read",
      rest: { method: "GET", path: "/integrations/{name}/metrics" },
      input: named,
      output: z.object({
        name: z.string(),
        samples: z
          .array(z.object({ name: z.string(), labels: z.record(z.string(), z.string()), value: z.number() }))
          .readonly(),
      }),
      run: async ({ name }) => ({
        name: manager.status(name).name,
        samples: registry.samples("integration", name),
      }),
    }),
  ];
}

function changingOperations({ manager, saveConfig }: IntegrationOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "integrations.restart",
      summary: "Stops and starts one integration.",
      permission: "integrations.write",
      rest: { method: "POST", path: "/integrations/{name}/restart" },
      audit: {
        target: toTarget,
        before: ({ name }) => ({ state: manager.status(name).state }),
        after: (_input, { state }) => ({ state }),
      },
      input: named,
      output: integrationStatusSchema,
      run: ({ name }) => manager.restart(name),
    }),
    defineOperation({
      name: "integrations.configure",
      summary:
        "Changes the configuration of one integration: the new one is started and swapped in; when it fails, the old one goes on.",
      permission: "integrations.write",
      rest: { method: "PUT", path: "/integrations/{name}/config" },
      audit: {
        target: toTarget,
        before: ({ name }) => showWhole(manager, name, manager.config(name)),
        asked: ({ name, ...patch }) => showWhole(manager, name, patch),
        after: ({ name }) => showWhole(manager, name, manager.config(name)),
      },
      input: configInput,
      output: integrationStatusSchema,
      run: async ({ name, ...sent }) => {
        const { settings } = sent;
        const kept = settings === undefined ? {} : { settings: withKeptSecrets(manager, name, settings) };
        const patch = definedOnly({ ...sent, ...kept });
        const status = await manager.reconfigure(name, patch);
        await saveConfig(name, patch);
        return status;
      },
    }),
    defineOperation({
      name: "integrations.restart_all",
      summary: "Restarts every enabled integration, dependents around what they depend on.",
      permission: "integrations.write",
      rest: { method: "POST", path: "/integrations/restart-all" },
      audit: {
        target: () => ({ type: "platform", id: null, name: null }),
        after: (_input, { integrations }) => ({
          states: Object.fromEntries(integrations.map(({ name, state }) => [name, state])),
        }),
      },
      input: z.strictObject({}),
      output: statusList,
      run: async () => ({ integrations: await manager.restartAll() }),
    }),
  ];
}

/** A configuration, or a part of one, with its settings as the audit log may have them. */
function showWhole(manager: Manager, name: string, config: { readonly settings?: object | undefined }): Json {
  return {
    ...showConfig(config),
    ...(config.settings === undefined
      ? {}
      : { settings: showBySchema(config.settings, manager.settingsSchema(name)) }),
  };
}

type Defined<Value> = { [Key in keyof Value]?: Exclude<Value[Key], undefined> };

function definedOnly<Value extends object>(value: Value): Defined<Value> {
  // Only members without a value are left out, so what is left has the narrower type.
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as Defined<Value>;
}
