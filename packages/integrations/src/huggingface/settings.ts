import { z } from "zod";
import { baseUrlField, secretField, tlsField, toSettingsSchema } from "../settings-fields.ts";

/** Where the Hub sends files from. */
const hubDownloadOrigins = [
  "https://cdn-lfs.huggingface.co",
  "https://cdn-lfs.hf.co",
  "https://cdn-lfs-us-1.hf.co",
  "https://cdn-lfs-eu-1.hf.co",
  "https://cas-bridge.xethub.hf.co",
];

const schema = z.strictObject({
  endpoint: baseUrlField("The Hub, or a mirror of it.").default("https://huggingface.co"),
  token: secretField(
    "An access token of the Hub, for repositories that are private or that access was asked for. It is sent to the endpoint only.",
  ).optional(),
  offline: z.boolean().default(false).meta({ description: "Whether the Hub is not to be asked at all." }),
  download_origins: z.array(baseUrlField("Origin of a server.")).default(hubDownloadOrigins).meta({
    description:
      "Servers that the endpoint may send on to for the contents of files. They are not sent the token.",
  }),
  cache_seconds: z.int().min(0).max(86_400).default(60).meta({
    description: "Seconds for which an answer of the Hub is good without asking whether it has changed.",
  }),
  tls: tlsField(),
});

export type HuggingFaceSettings = z.output<typeof schema>;

export const huggingFaceSettings = toSettingsSchema(schema);
