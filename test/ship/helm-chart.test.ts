import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { checkConfiguration } from "../../packages/server/src/check.ts";
import { findService } from "../../tools/services.ts";
import { helm, type Manifest, renderChart, renderObjects, valueSets } from "./helm.ts";
import { runProgram } from "./run-program.ts";

const validatorsPython = findService("kubernetes_validate");
const sets = Object.entries(valueSets);

/** Kinds of other projects, for which Kubernetes has no schema. */
const foreignKinds = /kind (?:ServiceMonitor|PrometheusRule|VerticalPodAutoscaler|ScaledObject|HTTPRoute) /;

const podSchema = z.looseObject({
  automountServiceAccountToken: z.boolean(),
  terminationGracePeriodSeconds: z.number().optional(),
  securityContext: z.looseObject({ runAsNonRoot: z.literal(true), seccompProfile: z.looseObject({}) }),
  containers: z
    .array(
      z.looseObject({
        name: z.string(),
        image: z.string().regex(/[:@](?!latest)./),
        resources: z.looseObject({ limits: z.looseObject({ memory: z.string() }) }),
        securityContext: z.looseObject({
          readOnlyRootFilesystem: z.literal(true),
          allowPrivilegeEscalation: z.literal(false),
          capabilities: z.looseObject({ drop: z.tuple([z.literal("ALL")]) }),
        }),
      }),
    )
    .min(1),
});
const workloadSchema = z.looseObject({
  spec: z.looseObject({
    selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.looseObject({
      metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
      spec: podSchema,
    }),
  }),
});
const jobSchema = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()) }),
  spec: z.looseObject({ template: z.looseObject({ spec: podSchema }) }),
});
const configMapSchema = z.looseObject({ data: z.record(z.string(), z.string()) });

function workloads(objects: readonly Manifest[]) {
  return objects
    .filter(({ kind }) => ["Deployment", "StatefulSet"].includes(kind))
    .map((object) => ({ name: object.metadata.name, kind: object.kind, ...workloadSchema.parse(object) }));
}

function gateway(objects: readonly Manifest[]) {
  const found = workloads(objects).find(({ name }) => name === "llm-llm-platform");
  if (found === undefined) throw new Error("there is no workload of the gateway");
  return found;
}

test.skipIf(helm === undefined).for(sets)("the linter has nothing against %s", async ([, args]) => {
  const { status, stdout } = await runProgram(helm ?? "", ["lint", "helm-chart", "--strict", ...args]);
  expect(stdout).not.toMatch(/\[(?:WARNING|ERROR)\]/);
  expect(status).toBe(0);
});

test
  .skipIf(helm === undefined || validatorsPython === undefined)
  .for(
    sets.flatMap(([name, args]) =>
      ["1.27.0", "1.31.0", "1.37.0"].map((version) => ({ name, args, version })),
    ),
  )("Kubernetes $version knows every field of $name", async ({ args, version }) => {
  const directory = temporaryDirectory();
  const rendered = await renderChart(args, version);
  expect(rendered.stderr).toBe("");
  const file = join(directory, "objects.yaml");
  writeFileSync(file, rendered.stdout);
  const { status, stdout, stderr } = await runProgram(validatorsPython ?? "", [
    "-m",
    "kubernetes_validate",
    "--strict",
    `--kubernetes-version=${version}`,
    file,
  ]);
  const lines = `${stdout}${stderr}`.split("\n").filter((line) => line !== "" && !foreignKinds.test(line));
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.filter((line) => !/ passed for resource /.test(line))).toEqual([]);
  expect(status).toBe(0);
});

test.skipIf(helm === undefined).for(sets)(
  "every pod of %s is locked down, and found by its selector",
  async ([, args]) => {
    for (const { spec } of workloads(await renderObjects(args)))
      expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
  },
);

test.skipIf(helm === undefined).for(sets)(
  "every object of %s has the usual labels and its own name",
  async ([, args]) => {
    const objects = await renderObjects(args);
    for (const { metadata } of objects)
      expect(metadata.labels).toMatchObject({
        "app.kubernetes.io/instance": "llm",
        "app.kubernetes.io/managed-by": "Helm",
        "helm.sh/chart": "llm-platform-0.1.0",
      });
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  },
);

test.skipIf(helm === undefined).for(sets)("the server takes the configurations of %s", async ([, args]) => {
  const directory = temporaryDirectory();
  for (const key of ["admin-key", "metrics-key", "models-key"])
    writeFileSync(join(directory, key), `llmp_${"k".repeat(40)}${key}`);
  writeFileSync(join(directory, "master-key"), Buffer.alloc(32, 7).toString("base64"));
  writeFileSync(join(directory, "database-url"), "postgres://a:b@c:5432/d");
  writeFileSync(join(directory, "redis-url"), "redis://default:b@c:6379");
  for (const name of ["tls.crt", "tls.key"]) writeFileSync(join(directory, name), "");
  const configs = (await renderObjects(args)).flatMap((object) => {
    const text =
      object.kind === "ConfigMap" ? configMapSchema.parse(object).data["llm-platform.yaml"] : undefined;
    return text === undefined ? [] : [text];
  });
  const further = ["localModels.enabled=true", "production-values.yaml"];
  expect(configs.length).toBe(args.some((arg) => further.some((each) => arg.includes(each))) ? 2 : 1);
  for (const config of configs) {
    const file = join(directory, "llm-platform.yaml");
    // The certificate is Kubernetes' to bring: only its place is looked at here.
    const { server, ...rest } = z.looseObject({ server: z.looseObject({}) }).parse(parse(config));
    const { tls: _tls, ...plain } = server;
    writeFileSync(
      file,
      JSON.stringify({ ...rest, server: plain }).replaceAll("/etc/llm-platform/secrets", directory),
    );
    const { problems, warnings } = await checkConfiguration(["--config", file]);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([]);
  }
});

const roleSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  rules: z.array(z.unknown()),
});
const bindingSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  roleRef: z.unknown(),
  subjects: z.array(z.unknown()),
});

test.skipIf(helm === undefined).for(sets)(
  "only the gateway of %s gets a token, and only where it looks for servers",
  async ([name, args]) => {
    const isLooking = name === "discovery" || name === "everywhere";
    for (const { name: workload, spec } of workloads(await renderObjects(args)))
      expect(spec.template.spec.automountServiceAccountToken).toBe(
        isLooking && workload === "llm-llm-platform",
      );
  },
);

test.skipIf(helm === undefined).for([
  [[], "Role", ["models"]],
  [["--set=kubernetes.namespaces={a,b,a}"], "Role", ["a", "b"]],
  [["--set=kubernetes.allNamespaces=true"], "ClusterRole", [undefined]],
] as const)("with %j it may read EndpointSlices by a %s, and nothing else", async ([args, kind, places]) => {
  const objects = await renderObjects(["--set=kubernetes.enabled=true", ...args]);
  const access = objects.filter((object) => /Role/.test(object.kind));
  expect(access).toHaveLength(2 * places.length);
  const roles = access.filter((object) => object.kind === kind).map((object) => roleSchema.parse(object));
  expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(places);
  for (const { rules } of roles)
    expect(rules).toEqual([
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["get", "list", "watch"] },
    ]);
  const bindings = access
    .filter((object) => object.kind === `${kind}Binding`)
    .map((object) => bindingSchema.parse(object));
  expect(bindings.map(({ metadata }) => metadata)).toEqual(roles.map(({ metadata }) => metadata));
  for (const { roleRef, subjects } of bindings) {
    expect(roleRef).toEqual({ apiGroup: "rbac.authorization.k8s.io", kind, name: roles[0]?.metadata.name });
    expect(subjects).toEqual([{ kind: "ServiceAccount", name: "llm-llm-platform", namespace: "models" }]);
  }
  const config = objects.find((object) => object.kind === "ConfigMap");
  expect(parse(configMapSchema.parse(config).data["llm-platform.yaml"] ?? "")).toMatchObject({
    integrations: [
      {
        name: "kubernetes",
        network: "private",
        settings: kind === "Role" ? { namespaces: places } : {},
      },
    ],
  });
});

test.skipIf(helm === undefined)("without a search for servers there are no rights", async () => {
  for (const args of [[], valueSets.production, valueSets.models])
    expect((await renderObjects(args)).filter(({ kind }) => /Role/.test(kind))).toEqual([]);
});

const policySchema = z.looseObject({ spec: z.looseObject({ egress: z.array(z.unknown()) }) });

test.skipIf(helm === undefined)("a search for servers may pass the network's policy", async () => {
  const egressOf = async (args: readonly string[]) => {
    const isGateways = ({ kind, metadata }: Manifest) =>
      kind === "NetworkPolicy" && metadata.name === "llm-llm-platform";
    return policySchema.parse((await renderObjects(args)).find(isGateways)).spec.egress;
  };
  const apiPorts = [{ port: 443 }, { port: 6443 }];
  const tcp = [{ protocol: "TCP" }];
  const inNamespace = { key: "kubernetes.io/metadata.name", operator: "In", values: ["models"] };
  expect((await egressOf(valueSets.discovery)).slice(1)).toEqual([
    { to: [{ ipBlock: { cidr: "10.0.0.1/32" } }, { ipBlock: { cidr: "10.96.0.1/32" } }], ports: apiPorts },
    { to: [{ namespaceSelector: { matchExpressions: [inNamespace] } }], ports: tcp },
  ]);
  expect((await egressOf(valueSets.everywhere)).slice(2)).toEqual([
    { to: [{ ipBlock: { cidr: "10.0.0.1/32" } }], ports: apiPorts },
    { to: [{ namespaceSelector: {} }], ports: tcp },
  ]);
});

test.skipIf(helm === undefined)("a pod gets the time that its calls get, and some more", async () => {
  const { spec } = gateway(await renderObjects(["--set=drainSeconds=600,preStopSeconds=7"]));
  expect(spec.template.spec.terminationGracePeriodSeconds).toBe(622);
});

test.skipIf(helm === undefined)("a data folder that outlives its pod makes a StatefulSet", async () => {
  expect(gateway(await renderObjects([])).kind).toBe("StatefulSet");
  expect(gateway(await renderObjects(valueSets.bundled)).kind).toBe("Deployment");
});

test.skipIf(helm === undefined)(
  "a Job migrates before the pods of an upgrade, which then do not",
  async () => {
    const objects = await renderObjects(valueSets.production);
    const job = jobSchema.parse(objects.find(({ kind }) => kind === "Job"));
    expect(job.metadata.annotations).toMatchObject({ "helm.sh/hook": "pre-install,pre-upgrade" });
    const [container] = job.spec.template.spec.containers;
    expect(container).toMatchObject({
      image: gateway(objects).spec.template.spec.containers[0]?.image,
      args: ["migrate", "--config", "/etc/llm-platform/config/llm-platform.yaml"],
    });
    const configs = objects.filter(
      ({ kind, metadata }) => kind === "ConfigMap" && /platform(?:-migration)?$/.test(metadata.name),
    );
    expect(configs).toHaveLength(2);
    for (const config of configs)
      expect(parse(configMapSchema.parse(config).data["llm-platform.yaml"] ?? "")).toMatchObject({
        database: { migrate: "never" },
      });
  },
);

test.skipIf(helm === undefined)("local models get their GPUs, their nodes and their key", async () => {
  const objects = await renderObjects(valueSets.models);
  const models = workloads(objects).find(({ name }) => name === "llm-llm-platform-models");
  expect(models?.spec.template.spec).toMatchObject({
    nodeSelector: { pool: "gpu" },
    tolerations: [{ key: "nvidia.com/gpu" }],
    containers: [{ resources: { limits: { "nvidia.com/gpu": 1 } } }],
  });
  const config = configMapSchema.parse(
    objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "llm-llm-platform"),
  ).data["llm-platform.yaml"];
  expect(parse(config ?? "")).toMatchObject({
    integrations: [
      { name: "local-models", settings: { base_url: "http://llm-llm-platform-models:8000/v1" } },
    ],
  });
});

test.skipIf(helm === undefined)("what the chart makes up is kept apart from what users say", async () => {
  const secret = (await renderObjects(valueSets.bundled)).find(({ kind }) => kind === "Secret");
  const { data } = configMapSchema.parse(secret);
  const value = (key: string) => Buffer.from(data[key] ?? "", "base64").toString();
  expect(Buffer.from(value("master-key"), "base64").length).toBe(32);
  expect(value("admin-key")).toMatch(/^llmp_\w{40}$/);
  expect(value("database-url")).toBe(
    `postgres://platform:${value("postgres-password")}@llm-llm-platform-postgres:5432/platform`,
  );
  expect((await renderObjects(valueSets.production)).map(({ kind }) => kind)).not.toContain("Secret");
});

test.skipIf(helm === undefined).for([
  ["replicas on SQLite", "replicaCount=2", "Replicas share a database"],
  ["an autoscaler on SQLite", "autoscaling.enabled=true", "Replicas share a database"],
  ["two autoscalers", "autoscaling.enabled=true,keda.enabled=true,database.mode=bundled", "not both"],
  ["a database without an address", "database.mode=external", "set database.url"],
  ["a Redis without an address", "redis.mode=external", "set redis.url"],
  ["a Job before its database", "migrationJob.enabled=true,database.mode=bundled", "turn migrationJob off"],
  ["nothing to scrape", "serviceMonitor.enabled=true,metrics.enabled=false", "set metrics.enabled"],
  [
    "an autoscaler without a measure",
    "autoscaling.enabled=true,autoscaling.targetCpu=0,autoscaling.targetInFlight=0,database.mode=bundled",
    "targetCpu",
  ],
  [
    "all namespaces and some",
    "kubernetes.enabled=true,kubernetes.allNamespaces=true,kubernetes.namespaces={a}",
    "not both",
  ],
  [
    "an API that cannot be reached",
    "kubernetes.enabled=true,networkPolicy.enabled=true",
    "kubernetes.apiServerCidrs",
  ],
  ["a value that is not there", "replicas=2", "replicas"],
  ["a word that is not there", "database.mode=mysql", "database"],
  ["a wrong type", "replicaCount=many", "replicaCount"],
] as const)("it refuses %s", async ([, set, message]) => {
  const { status, stderr } = await renderChart([`--set=${set}`]);
  expect(status).not.toBe(0);
  expect(stderr).toContain(message);
});

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "helm-chart-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
