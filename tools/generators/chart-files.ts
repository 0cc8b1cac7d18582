import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import type { GeneratedFile } from "./generated-files.ts";
import { code, formatPage, formatTable } from "./markdown.ts";
import { monitoringFiles } from "./monitoring-files.ts";

/** A value of the chart that has a line of its own in `values.yaml`. */
type ChartValue = { readonly path: string; readonly text: string; readonly byDefault: unknown };

/** Values that take a few words only. */
const choices: Readonly<Record<string, readonly string[]>> = {
  "image.pullPolicy": ["Always", "IfNotPresent", "Never"],
  "database.mode": ["sqlite", "bundled", "external"],
  "redis.mode": ["none", "bundled", "external"],
  "service.type": ["ClusterIP", "LoadBalancer", "NodePort"],
};

/** What of the Helm chart is made from the code and from `values.yaml`: its README, the schema of its values, and what it takes from `deploy/`. */
export function chartFiles(): readonly GeneratedFile[] {
  const source = readFileSync(
    fileURLToPath(new URL("../../helm-chart/values.yaml", import.meta.url)),
    "utf8",
  );
  const values = readChartValues(source);
  return [
    { path: "helm-chart/README.md", text: readme(values) },
    { path: "helm-chart/values.schema.json", text: `${JSON.stringify(toSchema(values), null, 2)}\n` },
    // A chart reads nothing outside its own folder.
    ...monitoringFiles().flatMap(({ path, text }) => {
      const [, name] =
        /^deploy\/(?:kubernetes|grafana)\/((?:dashboards\/)?[\w-]+\.(?:json|yaml))$/.exec(path) ?? [];
      return name === undefined ? [] : [{ path: `helm-chart/files/${name}`, text }];
    }),
  ];
}

/** The documented values in the order of the file: a line `# -- text` stands before each. */
function readChartValues(source: string): readonly ChartValue[] {
  const tree: unknown = parse(source);
  const parents: string[] = [];
  let text = "";
  return source.split("\n").flatMap((line) => {
    const comment = /^ *# -- (.*)$/.exec(line)?.[1];
    if (comment !== undefined) text = comment;
    const [, indent, key] = /^( *)(\w+):/.exec(line) ?? [];
    if (indent === undefined || key === undefined) return [];
    parents.splice(indent.length / 2);
    parents.push(key);
    if (text === "") return [];
    const value = { path: parents.join("."), text, byDefault: valueAt(tree, parents) };
    text = "";
    return [value];
  });
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce((at, key) => z.record(z.string(), z.unknown()).parse(at)[key], tree);
}

function readme(values: readonly ChartValue[]): string {
  return formatPage([
    "# Helm chart of llm-platform",
    "<!-- not run: it needs a cluster; test/ship/helm-chart.test.ts renders the chart -->",
    "```sh\nhelm install llm helm-chart --namespace llm --create-namespace\nhelm test llm --namespace llm\n```",
    "installs one replica on SQLite, with a volume. For replicas on a PostgreSQL and a Redis of yours begin with [production-values.yaml](../production-values.yaml); [the guide](../docs/guides/deploy.md) explains it. An unknown value, or one of a wrong type, is refused.",
    "## Values",
    formatTable(
      ["Value", "What it is", "Default"],
      values.map(({ path, text, byDefault }) => [code(path), text, code(JSON.stringify(byDefault))]),
    ),
  ]);
}

type Schema = { [key: string]: unknown; properties?: Record<string, Schema> };

/** Values that are documented themselves are of the type of their default, and those above them have no others. */
function toSchema(values: readonly ChartValue[]): Schema {
  const root: Schema = { ...closedObject(), $schema: "http://json-schema.org/draft-07/schema#" };
  // Helm itself gives every chart `global`.
  root.properties = { global: { type: "object" } };
  for (const { path, text, byDefault } of values) {
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    const parent = keys.reduce((at, key) => {
      at.properties ??= {};
      return (at.properties[key] ??= closedObject());
    }, root);
    parent.properties ??= {};
    parent.properties[last] = { description: text, ...typeOf(byDefault), ...choiceOf(path) };
  }
  return root;
}

function closedObject(): Schema {
  return { type: "object", additionalProperties: false, properties: {} };
}

function typeOf(value: unknown): Schema {
  if (Array.isArray(value)) return { type: "array" };
  if (typeof value === "number") return { type: "integer", minimum: 0 };
  return { type: typeof value };
}

function choiceOf(path: string): Schema {
  const allowed = choices[path];
  return allowed === undefined ? {} : { enum: allowed };
}
