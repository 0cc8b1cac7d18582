import { randomUUID } from "node:crypto";
import {
  type FetchOptions,
  type Gpu,
  type Instruments,
  type IntegrationContext,
  type Json,
  type JsonObject,
  type MetricDeclaration,
  PlatformError,
  type SpanAttributes,
} from "@llm-platform/kit";
import type { Peer } from "./peer.ts";

export interface GuestContextInput {
  readonly name: string;
  readonly dataDirectory: string;
  readonly settings: unknown;
  readonly metrics: readonly MetricDeclaration[];
  readonly signal: AbortSignal;
  readonly peer: Peer;
}

/** An answer to a control call on the wire. */
export interface WireResponse {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/**
 * The context of an integration in a process of its own: every part asks the platform.
 * Model calls and the sight of other integrations do not cross the line.
 */
export function createGuestContext(input: GuestContextInput): IntegrationContext<unknown> {
  const { name, dataDirectory, settings, signal, peer } = input;
  const logAt =
    (level: string) =>
    (event: string, fields: Readonly<Record<string, unknown>> = {}) =>
      peer.notify("log", level, event, toPlain(fields));
  return {
    name,
    dataDirectory,
    settings,
    signal,
    log: { debug: logAt("debug"), info: logAt("info"), warn: logAt("warn"), error: logAt("error") },
    metrics: createGuestInstruments(input),
    keyValues: {
      get: async (key) => toJson(await peer.call("getValue", [key])),
      set: async (key, value) => void (await peer.call("setValue", [key, value])),
      delete: async (key) => void (await peer.call("deleteValue", [key])),
    },
    fetch: (url, options = {}) => fetchThrough(peer, url, options),
    upstream() {
      throw new PlatformError("unavailable", `${name}: model calls are not open to a process of its own.`);
    },
    fileServer() {
      throw new PlatformError("unavailable", `${name}: files are not open to a process of its own.`);
    },
    runCredentialProgram: () =>
      Promise.reject(
        new PlatformError("unavailable", `${name}: programs are not run for a process of its own.`),
      ),
    gpus: async (until) => toGpus(await peer.call("gpus", [], until)),
    span: (spanName, action, attributes = {}) => spanThrough(peer, { name: spanName, attributes }, action),
    emit: (type, data: JsonObject = {}) => peer.notify("emit", type, toPlain(data)),
    dependency: () => undefined,
  };
}

function createGuestInstruments({ metrics, peer }: GuestContextInput): Instruments {
  const declared = new Map(metrics.map(({ name, type }) => [name, type]));
  const use =
    (method: string, type: MetricDeclaration["type"]): Instruments["add"] =>
    (name, amount, labels = {}) => {
      if (declared.get(name) !== type)
        throw new PlatformError("internal", `The metric ${name} is not declared as a ${type}.`);
      peer.notify(method, name, amount, labels);
    };
  return {
    add: use("addMetric", "counter"),
    set: use("setMetric", "gauge"),
    observe: use("observeMetric", "histogram"),
  };
}

/** The platform holds the span open until it is told that the work is over. */
async function spanThrough<Result>(
  peer: Peer,
  { name, attributes }: { readonly name: string; readonly attributes: SpanAttributes },
  action: () => Promise<Result>,
): Promise<Result> {
  const id = randomUUID();
  peer.notify("beginSpan", id, name, attributes);
  try {
    const result = await action();
    peer.notify("endSpan", id, null);
    return result;
  } catch (error) {
    peer.notify("endSpan", id, error instanceof Error ? error.message : "It failed.");
    throw error;
  }
}

async function fetchThrough(
  peer: Peer,
  url: string,
  { signal, ...options }: FetchOptions,
): Promise<Response> {
  const answer = await peer.call("fetch", [url, options], signal);
  if (!isWireResponse(answer)) throw new PlatformError("internal", "The platform gave no answer to a call.");
  const hasBody = ![101, 204, 205, 304].includes(answer.status);
  const headers = answer.headers.map(([name, value]): [string, string] => [name, value]);
  return new Response(hasBody ? new Uint8Array(answer.body) : null, { status: answer.status, headers });
}

function isWireResponse(value: unknown): value is WireResponse {
  return (
    typeof value === "object" && value !== null && "status" in value && "headers" in value && "body" in value
  );
}

/** Makes fields fit for the line: secrets, errors and whatever has a `toJSON` as they would be printed. */
export function toPlain(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, part: unknown) => {
    if (part instanceof Error) return part.message;
    return typeof part === "bigint" ? String(part) : part;
  });
  return text === undefined ? undefined : JSON.parse(text);
}

function toGpus(value: unknown): readonly Gpu[] {
  const rows: readonly unknown[] = Array.isArray(value) ? value : [];
  return rows.filter(isGpu);
}

function isGpu(value: unknown): value is Gpu {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string";
}

function toJson(value: unknown): Json | undefined {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
