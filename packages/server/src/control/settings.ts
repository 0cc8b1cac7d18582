import type { Json } from "@llm-platform/kit";
import { z } from "zod";
import { defineOperation, type Operation } from "./operation.ts";

/** Where the value of a setting can come from; each wins over those after it. */
export const settingOrigins = ["run_time", "flag", "env", "file", "default"] as const;

/** One setting as it is now, without its secret. */
export interface SettingLine {
  /** Dotted. */
  readonly key: string;
  /** Null where it is not set. A secret is `[secret]`. */
  readonly value: Json;
  readonly origin: (typeof settingOrigins)[number];
  /** Null where there is none. */
  readonly default: Json;
  /** Names in the environment. */
  readonly env: readonly string[];
  readonly type: string;
  readonly unit: string | null;
  readonly isSecret: boolean;
  readonly doc: string;
}

/** The settings of the server as they are now. */
export interface SettingView {
  /** The configuration file that was read, if there was one. */
  readonly file: string | undefined;
  /** In the order of the reference. */
  list(): readonly SettingLine[];
}

const setting = z.object({
  key: z.string(),
  value: z.unknown().describe("Null where it is not set; a secret is `[secret]`."),
  origin: z.enum(settingOrigins),
  default: z.unknown().describe("Null where there is none."),
  env: z.array(z.string()).readonly().describe("Names in the environment."),
  type: z.string(),
  unit: z.string().nullable(),
  is_secret: z.boolean(),
  doc: z.string(),
});

/** Operations on the settings of the server. They change with a restart, but for what an operation changes. */
export function settingOperations(view: SettingView): readonly Operation[] {
  return [
    defineOperation({
      name: "system.settings",
      summary: "Every setting of this server with its value, where that comes from, and no secret.",
      permission: "settings.read",
      rest: { method: "GET", path: "/api/v1/system/settings" },
      input: z.strictObject({
        search: z
          .string()
          .max(200)
          .default("")
          .describe("Only settings whose key, name in the environment or meaning has this text."),
        origin: z.enum(settingOrigins).optional().describe("Only settings whose value comes from there."),
      }),
      output: z.object({
        file: z
          .string()
          .nullable()
          .describe("The configuration file that was read; null where there is none."),
        settings: z.array(setting).readonly(),
      }),
      run: async ({ search, origin }) => ({
        file: view.file ?? null,
        settings: view
          .list()
          .filter((line) => origin === undefined || line.origin === origin)
          .filter((line) => hasText(line, search))
          .map(toSettingRow),
      }),
    }),
  ];
}

/** A setting as it is shown. */
export function toSettingRow({ isSecret, ...line }: SettingLine): z.output<typeof setting> {
  return { ...line, is_secret: isSecret };
}

function hasText({ key, env, doc }: SettingLine, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  return [key, doc, ...env].some((text) => text.toLowerCase().includes(wanted));
}
