import { setTimeout as sleep } from "node:timers/promises";
import { readEventData } from "../event-stream.ts";
import { look, type Seen, type Target } from "./connection.ts";
import { failed, type Finding, memberOf, ok, parseJson, reasonOf, skipped, warning } from "./finding.ts";

/** Calls whose traces are looked for afterwards, by the id of the request. */
export interface Made {
  readonly findings: readonly Finding[];
  readonly requestIds: readonly string[];
  /** The streamed call as its client saw it. */
  readonly stream: Seen | undefined;
  readonly streamId: string | undefined;
}

const callTimeoutMs = 120_000;
const messages = [{ role: "user", content: "Count from one to twenty, one number on each line." }];

/** Who is let in. The key's own verdict ends the looks that need it. */
export async function checkAccess(target: Target): Promise<readonly Finding[]> {
  const stranger = await look(target, "/v1/models", { isAnonymous: true });
  const open =
    stranger.status === 401
      ? ok("auth", "nobody is let in without a key")
      : failed(
          "auth",
          `without a key /v1/models answers ${stranger.status} and not 401: set auth.api_keys, or make the first admin`,
        );
  const known = await look(target, "/v1/models");
  if (known.status === 200) return [open, ok("key", "is taken")];
  return [
    open,
    failed(
      "key",
      `is refused with ${known.status}: ${messageOf(known)} Name one with --key or LLM_PLATFORM_API_KEY.`,
    ),
  ];
}

/** The models, and which of them is asked. */
export async function checkModels(
  target: Target,
  wanted: string | undefined,
): Promise<{ readonly finding: Finding; readonly model: string | undefined }> {
  const { text } = await look(target, "/v1/models");
  const listed = memberOf(parseJson(text), "data");
  const names = (Array.isArray(listed) ? listed : []).map((each: unknown) => String(memberOf(each, "id")));
  const model = wanted ?? (await firstChatModel(target)) ?? names[0];
  if (names.length === 0)
    return { finding: failed("models", "there is none: look at the integrations"), model: undefined };
  if (wanted !== undefined && !names.includes(wanted) && !wanted.includes("/"))
    return { finding: failed("models", `${wanted} is not among ${names.length}`), model: undefined };
  return { finding: ok("models", `${names.length}; ${model} is asked`), model };
}

async function firstChatModel(target: Target): Promise<string | undefined> {
  const { status, text } = await look(target, "/api/v1/models");
  const listed = status === 200 ? memberOf(parseJson(text), "models") : [];
  const found = (Array.isArray(listed) ? listed : []).find((each: unknown) => {
    const operations = memberOf(each, "operations");
    return Array.isArray(operations) && operations.includes("chat");
  });
  const id: unknown = memberOf(found, "id");
  return typeof id === "string" ? id : undefined;
}

/** A chat whole and a chat over a stream. */
export async function checkCalls(target: Target, model: string): Promise<Made> {
  const body = { model, messages, max_tokens: 64 };
  const ask = (stream: boolean) =>
    look(target, "/v1/chat/completions", { body: { ...body, stream }, timeoutMs: callTimeoutMs }).catch(
      reasonOf,
    );
  const [whole, stream] = [await ask(false), await ask(true)];
  const findings = [
    typeof whole === "string" ? failed("chat", `no reply (${whole})`) : checkWhole(whole),
    ...(typeof stream === "string" ? [failed("stream", `no reply (${stream})`)] : await checkStream(stream)),
    ...[whole, stream].slice(0, 1).flatMap((seen) => (typeof seen === "string" ? [] : [checkLimits(seen)])),
  ];
  const idOf = (seen: Seen | string) =>
    typeof seen === "string" ? "" : String(seen.headers["x-request-id"] ?? "");
  return {
    findings,
    requestIds: [whole, stream].map(idOf).filter((id) => id !== ""),
    stream: typeof stream === "string" ? undefined : stream,
    streamId: idOf(stream) || undefined,
  };
}

function checkWhole(seen: Seen): Finding {
  const reason = memberOf(parseJson(seen.text), "choices", 0, "finish_reason");
  if (seen.status !== 200) return failed("chat", `${seen.status}: ${messageOf(seen)}`);
  if (!seen.isWhole || typeof reason !== "string") return failed("chat", "the answer is not whole");
  if (seen.headers["x-request-id"] === undefined)
    return failed("chat", "the proxy takes the header x-request-id away");
  return ok("chat", `whole in ${Math.round(seen.endMs)} ms, finish_reason ${reason}`);
}

async function checkStream(seen: Seen): Promise<readonly Finding[]> {
  if (seen.status !== 200) return [failed("stream", `${seen.status}: ${messageOf(seen)}`)];
  const type = String(seen.headers["content-type"] ?? "");
  if (!type.startsWith("text/event-stream"))
    return [failed("stream", `comes as ${type || "nothing"} and not as text/event-stream`)];
  const data: string[] = [];
  for await (const each of readEventData(oneChunk(seen.text))) data.push(each);
  const events = data.map((each) => parseJson(each));
  const error = events.map((event) => memberOf(event, "error")).find((each) => each !== undefined);
  const hasFinish = events.some(
    (event) => typeof memberOf(event, "choices", 0, "finish_reason") === "string",
  );
  const cache = String(seen.headers["cache-control"] ?? "");
  const headers = /no-cache|no-store/.test(cache)
    ? ok("headers", `x-request-id, cache-control: ${cache}`)
    : failed("headers", "a stream may be cached: the proxy takes cache-control away");
  if (error !== undefined)
    return [
      failed("stream", `was cut: ${String(memberOf(error, "code"))}, ${String(memberOf(error, "message"))}`),
      headers,
    ];
  if (!seen.isWhole || data.at(-1) !== "[DONE]" || !hasFinish)
    return [failed("stream", "ended without its end marker: something on the way cuts streams"), headers];
  return [ok("stream", `${data.length} events, ended in order`), headers];
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

function checkLimits(seen: Seen): Finding {
  const names = Object.keys(seen.headers).filter((name) => name.startsWith("x-ratelimit-"));
  return names.length === 0
    ? ok("limits", "none holds for this key")
    : ok(
        "limits",
        names
          .filter((name) => name.includes("limit-"))
          .map((name) => `${name}: ${String(seen.headers[name])}`)
          .join(", "),
      );
}

const recordsWaitMs = 15_000;
const lookEveryMs = 250;
/** Less says nothing of whether something held the stream back. */
const tellingMs = 100;

/** The records of the calls, and by them whether the stream came as it was made. */
export async function checkRecords(
  target: Target,
  { requestIds, stream, streamId }: Made,
): Promise<readonly Finding[]> {
  const untilMs = performance.now() + recordsWaitMs;
  let records: readonly unknown[] = [];
  for (;;) {
    const seen = await look(target, `/api/v1/usage/records?request_ids=${requestIds.join(",")}`);
    if (seen.status === 403 || seen.status === 404)
      return [skipped("usage", `${seen.status}: the key may not read usage, or there is no ledger`)];
    const listed = memberOf(parseJson(seen.text), "usage");
    records = Array.isArray(listed) ? listed : [];
    if (records.length >= requestIds.length || performance.now() > untilMs) break;
    await sleep(lookEveryMs);
  }
  const streamed = records.find((record) => memberOf(record, "request_id") === streamId);
  return [checkUsage(records, requestIds.length), checkFlow(stream, streamed)];
}

function checkUsage(records: readonly unknown[], wanted: number): Finding {
  if (records.length < wanted || wanted === 0)
    return failed(
      "usage",
      `${records.length} of ${wanted} calls are in the ledger after ${recordsWaitMs / 1_000} s: look at the spool and the database`,
    );
  const costs = records.map((record) => memberOf(record, "cost_micros"));
  if (costs.some((cost) => typeof cost !== "number"))
    return warning(
      "usage",
      "the calls are in the ledger, and have no cost: the price of the model is not known",
    );
  return ok("usage", `the calls are in the ledger, with their cost in millionths: ${costs.join(", ")}`);
}

function checkFlow(stream: Seen | undefined, record: unknown): Finding {
  const [duration, first] = [memberOf(record, "duration_ms"), memberOf(record, "first_byte_ms")];
  if (
    stream === undefined ||
    stream.status !== 200 ||
    typeof duration !== "number" ||
    typeof first !== "number"
  )
    return skipped("unbuffered", "needs a stream and its record");
  const [madeMs, cameMs] = [duration - first, stream.endMs - stream.halfMs];
  const detail = `made within ${Math.round(madeMs)} ms, its second half came within ${Math.round(cameMs)} ms`;
  if (madeMs < tellingMs)
    return skipped("unbuffered", `${detail}: too quick to tell, name a slower model with --model`);
  return cameMs < madeMs / 10
    ? failed(
        "unbuffered",
        `${detail}: something in front holds streams back. Turn buffering off there (nginx: proxy_buffering off).`,
      )
    : ok("unbuffered", detail);
}

function messageOf({ text }: Seen): string {
  const json = parseJson(text);
  const message = memberOf(json, "error", "message") ?? memberOf(json, "detail") ?? text.trim().slice(0, 200);
  return String(message);
}
