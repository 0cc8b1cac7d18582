import { Secret } from "@llm-platform/kit";
import { z } from "zod";
import {
  baseUrlField,
  maxConnectionsField,
  modelRefreshField,
  secretField,
  tlsField,
  toSettingsSchema,
} from "../settings-fields.ts";

const schema = z.strictObject({
  base_url: baseUrlField("Address of the API, without /v1.").default("https://api.anthropic.com"),
  api_key: secretField("Sent as x-api-key."),
  version: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/, "must be a date such as 2023-06-01")
    .default("2023-06-01")
    .meta({
      description:
        "Version of the API that calls of other dialects are written for. 2026-10-21 refuses temperature and top_p.",
    }),
  models: z.array(z.string().min(1)).min(1).optional().meta({
    description: "Only these models are offered. Needed where the server has no list of its own.",
  }),
  default_max_tokens: z.int().min(1).max(1_000_000).default(4_096).meta({
    description:
      "Tokens of a reply at most where the caller of another dialect does not say: Anthropic has to be told.",
  }),
  model_refresh_seconds: modelRefreshField().default(3_600),
  max_connections: maxConnectionsField(),
  tls: tlsField(),
});

export type AnthropicSettings = z.output<typeof schema>;

export const anthropicSettings = toSettingsSchema(schema);

/** The header lines by which Anthropic knows who calls, and in which version of its API. */
export function toKeyHeaders({ api_key, version }: AnthropicSettings): Readonly<Record<string, Secret>> {
  return { "x-api-key": api_key, "anthropic-version": new Secret(version) };
}
