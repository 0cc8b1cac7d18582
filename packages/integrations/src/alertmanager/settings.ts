import { z } from "zod";
import { baseUrlField, secretField, tlsField, toSettingsSchema } from "../settings-fields.ts";

const schema = z.strictObject({
  url: baseUrlField("Address of Alertmanager."),
  token: secretField(
    "Sent as a Bearer token, where something in front of Alertmanager asks for one.",
  ).optional(),
  tls: tlsField(),
});

export type AlertmanagerSettings = z.output<typeof schema>;

export const alertmanagerSettings = toSettingsSchema(schema);
