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
  base_url: baseUrlField("Where Ollama listens.").default("http://127.0.0.1:11434"),
  api_key: secretField("Sent as a Bearer token, for an Ollama behind a proxy that asks for one.").optional(),
  keep_alive: z
    .union([
      z
        .string()
        .regex(/^-?\d+(\.\d+)?(ns|us|ms|s|m|h)(\d+(ns|us|ms|s|m|h))*$/, "must be a duration such as 5m"),
      z.int(),
    ])
    .optional()
    .meta({
      description:
        "How long a model stays in memory after a call: 5m, seconds, or -1 for ever. Default: Ollama's own.",
    }),
  context_tokens: z.int().min(256).optional().meta({
    description: "Window to load models with (num_ctx). Default: Ollama's own, which is often 4096.",
  }),
  model_refresh_seconds: modelRefreshField(),
  max_connections: maxConnectionsField(),
  tls: tlsField(),
});

export type OllamaSettings = z.output<typeof schema>;

export const ollamaSettings = toSettingsSchema(schema);
