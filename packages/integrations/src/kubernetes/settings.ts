import { z } from "zod";
import { baseUrlField, secretField, toSettingsSchema } from "../settings-fields.ts";

const account = "/var/run/secrets/kubernetes.io/serviceaccount";

/** As the charts and operators of the known servers label what they make, without anybody's doing. */
const usualSelectors = [
  "app.kubernetes.io/name in (vllm,ollama,tgi,text-generation-inference,llama-cpp,llama-server)",
  "serving.kserve.io/inferenceservice",
];

const schema = z.strictObject({
  api_url: baseUrlField("Address of the cluster's API.").default("https://kubernetes.default.svc"),
  token: secretField("Sent as a Bearer token, in place of that of the service account.").optional(),
  token_file: z.string().min(1).default(`${account}/token`).meta({
    description: "File of the service account's token. It is read before each call, for it is renewed.",
  }),
  tls: z
    .strictObject({ ca_file: z.string().min(1).optional() })
    .default({ ca_file: `${account}/ca.crt` })
    .meta({
      description:
        "`ca_file` names a PEM file with the issuers of the API's certificate; `{}` for the public ones.",
    }),
  namespaces: z
    .array(z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be a namespace"))
    .min(1)
    .optional()
    .meta({ description: "Where servers are looked for. Default: in all namespaces." }),
  selectors: z.array(z.string().min(1)).min(1).default(usualSelectors).meta({
    description: "Label selectors of the services of model servers; one that any of them fits is taken.",
  }),
  api_key: secretField("What the servers that are found want as a Bearer token.").optional(),
});

export type KubernetesSettings = z.output<typeof schema>;

export const kubernetesSettings = toSettingsSchema(schema);
