import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { findService } from "../../tools/services.ts";
import { type Outcome, runProgram } from "./run-program.ts";

/** Where helm is; undefined on a machine without it. */
export const helm = findService("helm");

/** A Kubernetes object, as far as tests look at every kind of them. */
const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).optional() }),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Sets of values that a chart is looked at with: each turns on what another leaves out. */
export const valueSets = {
  default: [],
  production: ["--values=production-values.yaml"],
  bundled: [
    "--set=database.mode=bundled,redis.mode=bundled,replicaCount=2,networkPolicy.enabled=true",
    "--set=persistence.enabled=false,podDisruptionBudget.enabled=true,grpc.enabled=false",
  ],
  models: [
    "--set=localModels.enabled=true,localModels.modelsClaim=gguf,networkPolicy.enabled=true",
    "--set=localModels.nodeSelector.pool=gpu,metrics.enabled=false",
  ],
  routes: [
    "--set=httpRoute.enabled=true,httpRoute.parentRefs[0].name=outer,httpRoute.hostnames[0]=llm.example.org",
    "--set=tls.existingSecret=inner-tls,ingress.enabled=true,image.digest=sha256:abc",
  ],
  keda: [
    "--set=keda.enabled=true,database.mode=external,database.url=postgres://a:b@c/d,redis.mode=external,redis.url=redis://r",
  ],
  discovery: [
    "--set=kubernetes.enabled=true,networkPolicy.enabled=true,kubernetes.apiServerCidrs={10.0.0.1/32,10.96.0.1/32}",
  ],
  everywhere: [
    "--set=kubernetes.enabled=true,kubernetes.allNamespaces=true,networkPolicy.enabled=true,localModels.enabled=true",
    "--set=kubernetes.settings.selectors[0]=llm-platform/server=true,kubernetes.apiServerCidrs={10.0.0.1/32}",
  ],
  tuned: [
    "--set=config.log.level=debug,config.auth.api_keys[0].name=ci,config.auth.api_keys[0].key=0123456789abcdef",
    "--set=nodeSelector.a=b,tolerations[0].operator=Exists,priorityClassName=high,extraEnv[0].name=A,extraEnv[0].value=b",
    "--set=imagePullSecrets[0].name=pull,persistence.storageClass=fast,secrets.existingSecret=mine",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** `helm template`, as a release `llm` in the namespace `models`. */
export function renderChart(args: readonly string[], version = "1.34.0"): Promise<Outcome> {
  if (helm === undefined) throw new Error("helm is not installed");
  return runProgram(helm, [
    "template",
    "llm",
    "helm-chart",
    "--namespace=models",
    `--kube-version=${version}`,
    ...args,
  ]);
}

/** The objects that a set of values makes. */
export async function renderObjects(args: readonly string[]): Promise<readonly Manifest[]> {
  const { status, stdout, stderr } = await renderChart(args);
  if (status !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout, { version: "1.1" })
    .map((document): unknown => document.toJS())
    .filter((object) => object !== null)
    .map((object) => manifestSchema.parse(object));
}
