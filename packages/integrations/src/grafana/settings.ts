import { z } from "zod";
import { baseUrlField, secretField, tlsField, toSettingsSchema } from "../settings-fields.ts";

const schema = z.strictObject({
  url: baseUrlField("Address of Grafana."),
  token: secretField(
    "Token of a service account with the role Editor; Admin to make the data source as well.",
  ),
  prometheus_url: z
    .string()
    .regex(/^https?:\/\/[^\s/]+/, "must be an http:// or https:// address")
    .optional()
    .meta({
      description:
        "Address of Prometheus as Grafana reaches it: the data source is made with it. Absent: whoever runs Grafana has one.",
    }),
  trace_url: z
    .string()
    .regex(/^https?:\/\/[^\s/]+/, "must be an http:// or https:// address")
    .optional()
    .meta({
      description:
        "Where the id of a trace beside a figure leads to, with `${__value.raw}` in its place: a part of that data source. Absent: nowhere.",
    }),
  tls: tlsField(),
});

export type GrafanaSettings = z.output<typeof schema>;

export const grafanaSettings = toSettingsSchema(schema);
