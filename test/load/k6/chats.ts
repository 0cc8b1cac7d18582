import { check, sleep } from "k6";
import { SharedArray } from "k6/data";
import { scenario } from "k6/execution";
import { post, type RefinedResponse } from "k6/http";
import { Trend } from "k6/metrics";
import type { Options } from "k6/options";
import { profileNames, toScenario } from "./profiles.ts";
import { parseTrace, toArrivals } from "./trace.ts";

/**
 * Chats with a platform, every other one as a stream, for k6. The environment says which and how many: URL, KEY, PROFILE,
 * SECONDS, PER_SECOND, MOST_TOKENS (of an answer), OWN_CONNECTIONS, FIRST_TOKEN_P95_MS, SUMMARY (a path).
 */
const volume = { seconds: Number(__ENV["SECONDS"]), perSecond: Number(__ENV["PER_SECOND"]) };
const profile = profileNames.find((name) => name === __ENV["PROFILE"]) ?? "load";
const trace = new SharedArray("trace", () => [...parseTrace(open("../traces/azure-conversations.csv"))]);
const arrivals = toArrivals(trace, volume.seconds * volume.perSecond, volume.perSecond);
/** How much later than it was due a call of a trace was sent: then k6 had no user for it. */
const lateMs = new Trend("late_ms", true);

export const options: Options = {
  scenarios: { chats: { ...toScenario(profile, volume), exec: chats.name } },
  noConnectionReuse: __ENV["OWN_CONNECTIONS"] === "true",
  summaryTrendStats: ["count", "min", "med", "p(95)", "p(99)", "max"],
  thresholds: {
    checks: ["rate==1"],
    http_req_failed: ["rate==0"],
    // What is beyond the limit is what stress is to find.
    ...(profile === "stress" ? {} : { dropped_iterations: ["count==0"] }),
    "http_req_duration{kind:rest}": ["p(95)>0"],
    "http_req_duration{kind:sse}": ["p(95)>0"],
    "http_req_waiting{kind:sse}": [`p(95)<${__ENV["FIRST_TOKEN_P95_MS"]}`],
    ...(profile === "trace" ? { late_ms: ["p(95)<100"] } : {}),
  },
};

/** One chat: as long as one of the trace, with as long an answer. */
export function chats(): void {
  const place = scenario.iterationInTest;
  if (profile === "trace") waitFor(place);
  const call = trace[place % trace.length] ?? { promptTokens: 1, answerTokens: 1 };
  const answerTokens = Math.max(1, Math.min(call.answerTokens, Number(__ENV["MOST_TOKENS"])));
  const stream = place % 2 === 1;
  const body = JSON.stringify({
    model: "fake/tiny-chat",
    stream,
    max_tokens: answerTokens,
    messages: [
      { role: "system", content: words(Math.max(1, call.promptTokens - answerTokens)) },
      // The upstream answers with what the user says.
      { role: "user", content: words(answerTokens) },
    ],
  });
  const headers = { authorization: `Bearer ${__ENV["KEY"]}`, "content-type": "application/json" };
  const tags = { kind: stream ? "sse" : "rest" };
  const reply = post(`${__ENV["URL"]}/v1/chat/completions`, body, { headers, tags, timeout: "120s" });
  const isWhole = check(reply, {
    "is answered with 200": ({ status }) => status === 200,
    "comes to its own end": (each) => (stream ? isWholeStream(each) : isWholeAnswer(each)),
  });
  if (!isWhole)
    console.error(`${tags.kind} ${reply.status} ${reply.error}: ${String(reply.body).slice(-500)}`);
}

/** What k6 is to tell at the end, for the program that started it. */
export function handleSummary(data: unknown): Record<string, string> {
  return { [__ENV["SUMMARY"] ?? "summary.json"]: JSON.stringify(data) };
}

function waitFor(place: number): void {
  const dueMs = scenario.startTime + (arrivals[place] ?? 0);
  const waitMs = dueMs - Date.now();
  if (waitMs > 0) sleep(waitMs / 1_000);
  lateMs.add(Math.max(0, Date.now() - dueMs));
}

/** A finish, the end marker as the last of it, and no event that tells of an error. */
function isWholeStream({ body }: RefinedResponse<"text">): boolean {
  const text = String(body);
  return hasFinish(text) && /data: \[DONE\]\s*$/.test(text) && !text.includes('"error"');
}

function isWholeAnswer({ body }: RefinedResponse<"text">): boolean {
  return hasFinish(String(body));
}

function hasFinish(text: string): boolean {
  return /"finish_reason":\s*"(?:stop|length)"/.test(text);
}

function words(count: number): string {
  return "word ".repeat(count).trimEnd();
}
