import {
  type FetchOptions,
  type IntegrationContext,
  type JsonObject,
  PlatformError,
  type SpanAttributes,
} from "@llm-platform/kit";
import type { WireResponse } from "./guest-context.ts";
import type { Handler } from "./peer.ts";

/** Longest answer to a control call that is handed to a process, in bytes. */
const maxAnswerBytes = 8 * 1024 * 1024;

/** What the process of an integration may ask of the platform: its context, call by call, and nothing else. */
export function createHostHandlers(context: IntegrationContext<unknown>): Readonly<Record<string, Handler>> {
  const { log, metrics, keyValues } = context;
  return {
    log([level, event, fields]) {
      const known = (["debug", "info", "warn", "error"] as const).find((one) => one === level) ?? "info";
      log[known](String(event), toRecord(fields));
    },
    emit: ([type, data]) => context.emit(String(type), toRecord(data)),
    addMetric: ([name, amount, labels]) => metrics.add(String(name), Number(amount), toLabels(labels)),
    setMetric: ([name, value, labels]) => metrics.set(String(name), Number(value), toLabels(labels)),
    observeMetric: ([name, value, labels]) => metrics.observe(String(name), Number(value), toLabels(labels)),
    getValue: ([key]) => keyValues.get(String(key)),
    setValue: ([key, value]) => keyValues.set(String(key), JSON.parse(JSON.stringify(value ?? null))),
    deleteValue: ([key]) => keyValues.delete(String(key)),
    ...createSpanHandlers(context),
    gpus: (_none, signal) => context.gpus(signal),
    fetch: ([url, options], signal) => fetchFor(context, String(url), { ...toFetchOptions(options), signal }),
  };
}

/** Spans of a process that are open at once; of more nothing is told. */
const mostOpenSpans = 100;

/** Holds spans open for a process until it says that the work is over. */
function createSpanHandlers({
  span,
}: Pick<IntegrationContext<unknown>, "span">): Readonly<Record<string, Handler>> {
  const open = new Map<string, PromiseWithResolvers<void>>();
  return {
    beginSpan([id, name, attributes]) {
      if (open.size >= mostOpenSpans) return;
      const work = Promise.withResolvers<void>();
      open.set(String(id), work);
      // Why it failed is in the span, and with whoever did the work.
      span(String(name), () => work.promise, toSpanAttributes(attributes)).catch(() => undefined);
    },
    endSpan([id, error]) {
      const work = open.get(String(id));
      open.delete(String(id));
      if (typeof error === "string") work?.reject(new Error(error));
      else work?.resolve();
    },
  };
}

function toSpanAttributes(value: unknown): SpanAttributes {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      typeof part === "number" || typeof part === "boolean" ? part : String(part),
    ]),
  );
}

async function fetchFor(
  context: IntegrationContext<unknown>,
  url: string,
  options: FetchOptions,
): Promise<WireResponse> {
  const response = await context.fetch(url, options);
  return { status: response.status, headers: [...response.headers], body: await readBounded(response) };
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > maxAnswerBytes) {
      throw new PlatformError("upstream_malformed", `The answer is longer than ${maxAnswerBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function toFetchOptions(value: unknown): FetchOptions {
  const { method, headers, body, deadlineMs, ...tls } = isRecord(value) ? value : {};
  const { certificateAuthorities, serverName, isServerUnverified } = tls;
  const { certificate, key } = toLabels(tls.clientCertificate);
  const verb = (["GET", "POST", "PUT", "DELETE", "HEAD"] as const).find((one) => one === method);
  return {
    ...(verb === undefined ? {} : { method: verb }),
    ...(isRecord(headers) ? { headers: toLabels(headers) } : {}),
    ...(typeof body === "string" || body instanceof Uint8Array ? { body } : {}),
    ...(typeof deadlineMs === "number" ? { deadlineMs } : {}),
    ...(typeof certificateAuthorities === "string" ? { certificateAuthorities } : {}),
    ...(typeof serverName === "string" ? { serverName } : {}),
    ...(certificate === undefined || key === undefined ? {} : { clientCertificate: { certificate, key } }),
    isServerUnverified: isServerUnverified === true,
  };
}

function toLabels(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, String(part)]));
}

function toRecord(value: unknown): JsonObject {
  return isRecord(value) ? JSON.parse(JSON.stringify(value)) : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
