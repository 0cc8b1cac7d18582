import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Json, JsonObject } from "../chat.ts";
import { integrationTypes } from "../config.ts";
import type { IntegrationDefinition } from "../integration.ts";
import type { MetricDeclaration } from "../metrics.ts";
import type { ContractCase, ContractInput } from "./contract-input.ts";
import { validateSettings } from "./fake-host.ts";
import { secretsOf } from "./origin-guard.ts";

const importLimitMs = 20_000;

/** The cases that need no start: the literal, its schemas, its module. */
export function definitionCases<Settings>(input: ContractInput<Settings>): readonly ContractCase[] {
  const { definition, moduleUrl } = input;
  const cases: ContractCase[] = [
    {
      name: "states a definition that the host takes",
      run: async () => checkLiteral(definition),
    },
    {
      name: "declares metrics that can be exported",
      run: async () => checkMetrics(definition.metrics ?? []),
    },
    { name: "takes the settings of the test", run: () => checkTaken(input) },
    {
      name: "refuses settings that its JSON Schema does not name",
      run: () => checkUnknownKey(input),
    },
    {
      name: "has the same defaults and required settings in both schemas",
      run: () => checkDefaults(input),
    },
    {
      name: "marks each secret in its JSON Schema",
      run: () => checkSecrets(input),
    },
  ];
  if (moduleUrl !== undefined) {
    cases.push({
      name: "does nothing when it is imported",
      run: () => checkImport(moduleUrl),
    });
  }
  return cases;
}

function checkLiteral(definition: IntegrationDefinition): void {
  assert.equal(definition.contract, 1, "contract is the literal 1");
  assert.match(definition.id, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "id is lower case with hyphens");
  assert.ok(integrationTypes.includes(definition.type), `type is one of ${integrationTypes.join(", ")}`);
  assert.match(definition.summary, /^\S.{0,198}\S$/, "summary is one line of at most 200 characters");
  assert.equal(
    new Set(definition.dependencies).size,
    definition.dependencies?.length ?? 0,
    "dependencies are unique",
  );
  assert.equal(definition.settings.schema["~standard"].version, 1, "the schema is a Standard Schema");
  assert.equal(definition.settings.jsonSchema.type, "object", "the JSON Schema describes an object");
}

function checkMetrics(metrics: readonly MetricDeclaration[]): void {
  assert.equal(new Set(metrics.map(({ name }) => name)).size, metrics.length, "metric names are unique");
  for (const { name, help, type, labels = [], buckets = [] } of metrics) {
    assert.match(name, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, `${name} is lower case with underscores`);
    assert.equal(
      name.endsWith("_total"),
      type === "counter",
      `${name} ends in _total exactly when it is a counter`,
    );
    assert.notEqual(help.trim(), "", `${name} has a help text`);
    for (const label of labels) {
      assert.match(label, /^[a-z][a-z0-9_]*$/, `${name} has the label ${label} in lower case`);
      assert.ok(!["integration", "le"].includes(label), `${name} leaves the label ${label} to the host`);
    }
    assert.ok(type === "histogram" || buckets.length === 0, `${name} has buckets only as a histogram`);
    assert.deepEqual(
      buckets,
      [...new Set(buckets)].sort((a, b) => a - b),
      `${name} has rising buckets`,
    );
  }
}

async function checkTaken<Settings>({ definition, ...input }: ContractInput<Settings>): Promise<void> {
  for (const settings of [input.settings, input.breakSettings, input.hangSettings]) {
    if (settings !== undefined) await validateSettings(definition.settings, settings);
  }
}

async function checkUnknownKey<Settings>({ definition, settings }: ContractInput<Settings>): Promise<void> {
  assert.equal(definition.settings.jsonSchema.additionalProperties, false, "additionalProperties is false");
  const strange = validateSettings(definition.settings, {
    ...settings,
    no_such_setting: true,
  });
  await assert.rejects(strange, { code: "config_invalid" }, "the schema refuses no_such_setting");
  const named = Object.keys(propertiesOf(definition.settings.jsonSchema));
  for (const key of Object.keys(settings)) assert.ok(named.includes(key), `the JSON Schema names ${key}`);
}

async function checkDefaults<Settings>({ definition, settings }: ContractInput<Settings>): Promise<void> {
  const { jsonSchema } = definition.settings;
  const required = Array.isArray(jsonSchema.required) ? jsonSchema.required : [];
  for (const [key, property] of Object.entries(propertiesOf(jsonSchema))) {
    const { [key]: _left, ...without } = settings;
    const outcome = validateSettings(definition.settings, without);
    if (required.includes(key)) {
      await assert.rejects(outcome, { code: "config_invalid" }, `${key} is required in both schemas`);
      continue;
    }
    const omitted = await outcome;
    if (!isJsonObject(property) || property.default === undefined) continue;
    const given = await validateSettings(definition.settings, {
      ...without,
      [key]: property.default,
    });
    assert.deepEqual(omitted, given, `${key} has the same default in both schemas`);
  }
}

async function checkSecrets<Settings>({ definition, settings }: ContractInput<Settings>): Promise<void> {
  const secrets = secretsOf(await validateSettings(definition.settings, settings));
  visitTexts(definition.settings.jsonSchema, { value: settings, path: "settings" }, (path, text, schema) => {
    const isMarked = schema.format === "secret";
    assert.equal(secrets.includes(text), isMarked, `${path} is a Secret exactly when its format is "secret"`);
  });
}

interface Visited {
  readonly value: unknown;
  readonly path: string;
}

type TextVisitor = (path: string, text: string, schema: JsonObject) => void;

/** Walks a value and its JSON Schema together, as deep as `properties` and `items` lead. */
function visitTexts(schema: JsonObject, { value, path }: Visited, visit: TextVisitor): void {
  if (typeof value === "string") visit(path, value, schema);
  if (typeof value !== "object" || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    const inner = Array.isArray(value) ? schema.items : propertiesOf(schema)[key];
    if (isJsonObject(inner)) visitTexts(inner, { value: part, path: `${path}.${key}` }, visit);
  }
}

/**
 * Imports the module in a process of its own and looks at what that process then holds.
 * Zod keeps its registry of schemas under global names, so that two copies of it share one; they are let be.
 */
async function checkImport(moduleUrl: URL): Promise<void> {
  const script = `
    const before = { keys: Object.keys(globalThis), env: JSON.stringify(process.env), listeners: process.eventNames().length };
    await import(${JSON.stringify(moduleUrl.href)});
    await new Promise((resolve) => setImmediate(resolve));
    const watched = (kind) => !/^(Pipe|TTY|FSReq|CloseReq|Immediate)/.test(kind);
    console.log(JSON.stringify({
      open: process.getActiveResourcesInfo().filter(watched),
      globals: Object.keys(globalThis).filter((key) => !before.keys.includes(key) && !key.startsWith("__zod_")),
      changesEnvironment: JSON.stringify(process.env) !== before.env,
      newListeners: process.eventNames().length - before.listeners,
    }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    timeout: importLimitMs,
  });
  assert.deepEqual(
    JSON.parse(stdout),
    { open: [], globals: [], changesEnvironment: false, newListeners: 0 },
    "importing opens, prints and changes nothing",
  );
}

function propertiesOf(schema: JsonObject): JsonObject {
  return isJsonObject(schema.properties) ? schema.properties : {};
}

function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
