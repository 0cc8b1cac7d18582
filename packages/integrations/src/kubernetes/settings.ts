import { z } from "zod";
import { baseUrlField, secretField, toSettingsSchema } from "../settings-fields.ts";

/** As the charts and operators of the known servers label what they make, without anybody's doing. */
const usualSelectors = [
  "app.kubernetes.io/name in (vllm,ollama,tgi,text-generation-inference,llama-cpp,llama-server)",
  "serving.kserve.io/inferenceservice",
];

const fields = z.strictObject({
  kubeconfig: z.string().min(1).optional().meta({
    description:
      "A kubeconfig file, or several as in `KUBECONFIG`; in place of `api_url`, `token`, `token_file` and `tls`. Default outside of a cluster, for an entry of the configuration file with none of them: that of `KUBECONFIG`, else `~/.kube/config`.",
  }),
  context: z.string().min(1).optional().meta({
    description: "Which context of the kubeconfig. Default: its `current-context`.",
  }),
  api_url: baseUrlField(
    "Address of the cluster's API. Default: that of the cluster that the pod is in.",
  ).optional(),
  token: secretField("Sent as a Bearer token, in place of that of the service account.").optional(),
  token_file: z.string().min(1).optional().meta({
    description:
      "File of a service account's token. Default: that of the pod. It is read before each call, for it is renewed.",
  }),
  tls: z
    .strictObject({ ca_file: z.string().min(1).optional() })
    .optional()
    .meta({
      description:
        "`ca_file` names a PEM file with the issuers of the API's certificate; `{}` for the public ones. Default: those of the pod.",
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

const ownFields = ["api_url", "token", "token_file", "tls"] as const;

const schema = fields.superRefine((settings, { addIssue }) => {
  const refuse = (field: string, message: string) =>
    addIssue({ code: "custom", path: [field], message, input: settings });
  if (settings.kubeconfig === undefined) {
    if (settings.context !== undefined) refuse("context", "is one of a kubeconfig: set kubeconfig too");
    return;
  }
  for (const field of ownFields)
    if (settings[field] !== undefined) refuse(field, "stands in the kubeconfig: set one of the two");
});

export type KubernetesSettings = z.output<typeof schema>;

export const kubernetesSettings = toSettingsSchema(schema);
