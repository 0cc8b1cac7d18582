import { Secret } from "@llm-platform/kit";
import { z } from "zod";
import { tlsField, toSettingsSchema } from "../settings-fields.ts";

const schema = z.strictObject({
  webhook_url: z
    .url({ protocol: /^https?$/ })
    .meta({ format: "secret", description: "Address of an incoming webhook. Whoever knows it can write." })
    .transform((text) => new Secret(text)),
  channel: z
    .string()
    .min(1)
    .max(80)
    .optional()
    .meta({ description: "Default: the channel that the webhook is made for." }),
  tls: tlsField(),
});

export type SlackSettings = z.output<typeof schema>;

export const slackSettings = toSettingsSchema(schema);
