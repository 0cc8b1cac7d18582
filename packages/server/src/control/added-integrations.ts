import { integrationTypes, networkReaches } from "@llm-platform/kit";
import { z } from "zod";
import { showBySchema } from "../core/shown-value.ts";
import type { Manager } from "../manager/manager.ts";
import type { IntegrationStatus } from "../manager/status.ts";
import type { Trial } from "../manager/trial.ts";
import { integrationFields, integrationStatusSchema, showConfig, toTarget } from "./integration-fields.ts";
import { type IntegrationUses, usesFields } from "./integration-uses.ts";
import { defineOperation, type Operation } from "./operation.ts";

/** Keeps what is added over the API, and has every replica start and stop it. */
export interface RosterPort {
  isAdded(name: string): boolean;
  /** Rejects with PlatformError `conflict` and `config_invalid`. */
  tryNew(entry: object): Promise<Trial>;
  /** Rejects as `tryNew`, and with `sealed` and `unavailable`. */
  add(entry: object): Promise<IntegrationStatus>;
  /** Rejects with PlatformError `not_found`, `conflict`, `sealed` and `unavailable`. */
  remove(name: string, isDataRemoved: boolean): Promise<void>;
  /** Whether the platform itself has it, once. */
  isOwn(use: string): boolean;
}

export interface AddedIntegrationParts {
  readonly manager: Manager;
  /** What names an integration. */
  usesOf(name: string): IntegrationUses;
  readonly roster: RosterPort;
}

const kind = z.object({
  use: z.string().describe("By which an integration says that it is one."),
  type: z.enum(integrationTypes),
  summary: z.string(),
  can_be_added: z.boolean().describe("False for what the platform itself has, once."),
  dependencies: z.array(z.string()).readonly().describe("Integrations that it needs."),
  schema: z.record(z.string(), z.unknown()).describe("JSON Schema of its settings."),
});

const newIntegration = z.strictObject({
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
      "must be 1 to 128 letters, digits, dots, dashes or underscores",
    )
    .describe("Unique; `name/model` then names its models."),
  use: z.string().min(1).max(256).describe("What it is: one of `integrations.kinds`."),
  dependencies: z
    .array(z.string().max(128))
    .max(32)
    .optional()
    .describe("Integrations that are started before it and stopped after it."),
  network: z
    .enum(networkReaches)
    .optional()
    .describe("Where it may connect to, by the addresses of names. Default: any."),
  ...integrationFields,
});

const integrationName = z.strictObject({
  name: z.string().min(1).max(128).describe("Name of the integration."),
});

/** Operations on integrations that are added at run time, and on what can be added. */
export function addedIntegrationOperations({
  manager,
  roster,
  usesOf,
}: AddedIntegrationParts): readonly Operation[] {
  const kindOf = (use: string) => manager.kinds().find((each) => each.use === use)?.definition;
  return [
    defineOperation({
      name: "integrations.kinds",
      summary: "What an integration can be, each with the JSON Schema of its settings.",
      permission: "integrations.read",
      rest: { method: "GET", path: "/integrations/kinds" },
      input: z.strictObject({}),
      output: z.object({ kinds: z.array(kind).readonly() }),
      run: async () => ({
        kinds: manager.kinds().map(({ use, definition }) => ({
          use,
          type: definition.type,
          summary: definition.summary,
          can_be_added: !roster.isOwn(use),
          dependencies: definition.dependencies ?? [],
          schema: { ...definition.settings.jsonSchema },
        })),
      }),
    }),
    defineOperation({
      name: "integrations.create",
      summary:
        "Adds an integration on every replica and starts it. It is there after a restart, until it is deleted. One that cannot be reached yet is added, and tried again.",
      permission: "integrations.write",
      rest: { method: "POST", path: "/integrations/" },
      audit: {
        target: toTarget,
        asked: ({ name, use, settings = {}, ...more }) => ({
          ...showConfig({ name, use, ...more }),
          settings: showBySchema(settings, kindOf(use)?.settings.jsonSchema ?? {}),
        }),
        after: (_input, { state, reason }) => ({ state, reason }),
      },
      input: newIntegration,
      output: integrationStatusSchema,
      run: (entry) => roster.add(entry),
    }),
    defineOperation({
      name: "integrations.uses",
      summary:
        "What names an integration: other integrations that depend on it, routes, aliases and budgets.",
      permission: "integrations.read",
      rest: { method: "GET", path: "/integrations/{name}/uses" },
      input: integrationName,
      output: z.object({ name: z.string(), ...usesFields }),
      run: async ({ name }) => {
        manager.status(name);
        return { name, ...usesOf(name) };
      },
    }),
    defineOperation({
      name: "integrations.delete",
      summary:
        "Removes an integration that was added, on every replica, with its settings and credentials. Calls in flight may end; what it was used for stays on record. What names it stays, and is told. One of the configuration file is not removed so.",
      permission: "integrations.write",
      rest: { method: "DELETE", path: "/integrations/{name}" },
      audit: {
        target: toTarget,
        before: ({ name }) => ({
          ...showConfig(manager.config(name)),
          settings: showBySchema(manager.config(name).settings, manager.settingsSchema(name)),
        }),
      },
      input: integrationName.extend({
        data: z
          .enum(["keep", "remove"])
          .default("keep")
          .describe(
            "Whether what it has stored goes too, once its last calls have ended: its key-values, and its folder on the machine of the server that is asked. An integration of this name that is added later finds what is kept.",
          ),
      }),
      output: z.object({ name: z.string(), ...usesFields }),
      run: async ({ name, data }) => {
        const uses = usesOf(name);
        await roster.remove(name, data === "remove");
        return { name, ...uses };
      },
    }),
  ];
}
