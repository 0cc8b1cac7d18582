import { operations, Secret } from "@llm-platform/kit";
import { z } from "zod";
import {
  baseUrlField,
  maxConnectionsField,
  modelRefreshField,
  secretField,
  tlsField,
  toSettingsSchema,
} from "../settings-fields.ts";
import { profileNames } from "./profiles.ts";

/** Headers that belong to the connection and to the body; a server would be misled by others. */
const reservedHeaders = [
  "host",
  "connection",
  "content-length",
  "content-type",
  "transfer-encoding",
  "te",
  "upgrade",
  "expect",
];

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "must be a header's name")
  .refine((name) => !reservedHeaders.includes(name.toLowerCase()), "is set by the platform itself");

const headerValue = z
  .string()
  .regex(/^[\x20-\x7e]*$/, "must be printable ASCII")
  .meta({ format: "secret" })
  .transform((value) => new Secret(value));

const model = z.union([
  z.string().min(1),
  z.strictObject({
    id: z.string().min(1),
    operations: z.array(z.enum(operations)).min(1).optional(),
  }),
]);

const schema = z.strictObject({
  base_url: baseUrlField("Address of the API, usually ending in /v1."),
  api_key: secretField("Sent as a Bearer token.").optional(),
  profile: z
    .enum(["auto", ...profileNames])
    .default("auto")
    .meta({
      description: "Which server it is. With auto the server is asked, without spending tokens.",
    }),
  headers: z
    .record(headerName, headerValue)
    .optional()
    .meta({ description: "Headers to send with each request." }),
  models: z.array(model).min(1).optional().meta({
    description: "Only these models are offered. Needed where the server has no list of its own.",
  }),
  stream_usage: z.boolean().default(true).meta({
    description:
      "Whether streams are asked to report usage. Turn it off for a server that refuses stream_options.",
  }),
  model_refresh_seconds: modelRefreshField(),
  max_connections: maxConnectionsField(),
  tls: tlsField(),
});

export type OpenAiCompatibleSettings = z.output<typeof schema>;

export const openAiCompatibleSettings = toSettingsSchema(schema);
