import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { askGrpcHealth, look, type Target } from "./connection.ts";
import { failed, type Finding, memberOf, ok, parseJson, reasonOf, skipped, warning } from "./finding.ts";

/** Integrations that have a check of their own name. */
const services: Readonly<Record<string, string>> = { postgres: "database", redis: "redis" };

/** The states of the integrations; of those that are not well the reason. */
export async function checkIntegrations(target: Target): Promise<readonly Finding[]> {
  const { status, text } = await look(target, "/integrations/");
  if (status !== 200) return [skipped("integrations", `${status}: the key may not see them`)];
  const listed = memberOf(parseJson(text), "integrations");
  const all = (Array.isArray(listed) ? listed : []).map((each: unknown) => ({
    name: String(memberOf(each, "name")),
    state: String(memberOf(each, "state")),
    reason: String(memberOf(each, "reason") ?? memberOf(each, "last_probe", "detail") ?? ""),
  }));
  const ill = all.filter(({ state }) => state !== "running" && state !== "disabled");
  const findings = ill.map(({ name, state, reason }) => {
    const check = services[name] ?? "integrations";
    const judge =
      services[name] !== undefined || state === "error" || state === "auth_required" ? failed : warning;
    return judge(check, `${name} is ${state}: ${reason}`);
  });
  const well = all.filter(({ state }) => state === "running").map(({ name }) => name);
  for (const [name, check] of Object.entries(services))
    if (well.includes(name)) findings.push(ok(check, `${name} is running`));
  if (!findings.some(({ check }) => check === "integrations"))
    findings.push(ok("integrations", `${well.length} are running`));
  return findings;
}

/** The server's version. */
export async function checkVersion(target: Target, own: string): Promise<Finding> {
  const { status, text } = await look(target, "/api/v1/system");
  if (status !== 200) return skipped("version", `${status}: the key may not see it`);
  const version = String(memberOf(parseJson(text), "version"));
  return version === own
    ? ok("version", version)
    : warning("version", `the server has ${version}, this llmp ${own}`);
}

/** The audit log and the seals of the ledger, looked through whole. */
export async function checkAudit(target: Target): Promise<Finding> {
  const { status, text } = await look(target, "/api/v1/audit/verify", { body: {}, timeoutMs: 600_000 });
  if (status !== 200) return skipped("audit", `${status}: the key may not verify it`);
  const verdict = parseJson(text);
  const bad = memberOf(verdict, "first_bad") ?? memberOf(verdict, "usage", "first_bad");
  if (memberOf(verdict, "ok") === true && (bad ?? null) === null)
    return ok("audit", `${String(memberOf(verdict, "records"))} records, the chain is whole`);
  return failed(
    "audit",
    `the log was changed at record ${String(memberOf(bad, "sequence"))}: ${String(memberOf(bad, "reason"))}. \`llmp audit verify\` says more.`,
  );
}

/** Whether a WebSocket comes through, with the first frame of the server. */
export async function checkWebSocket(target: Target): Promise<Finding> {
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": randomBytes(16).toString("base64"),
    "sec-websocket-protocol": "llmp.v1",
  };
  try {
    const { status, text } = await look(target, "/ws/events", { headers, timeoutMs: 10_000 });
    if (status !== 101)
      return failed(
        "websocket",
        `the upgrade is answered with ${status}: a proxy in front must hand on Upgrade and Connection, and websocket.enabled must be on`,
      );
    return text.includes("session.opened")
      ? ok("websocket", "opens, and the first frame comes")
      : failed("websocket", "opens, and no frame comes: something in front holds them back");
  } catch (error) {
    return failed("websocket", `the upgrade is not answered (${reasonOf(error)})`);
  }
}

/** gRPC's own health service. */
export async function checkGrpc(url: string | undefined): Promise<Finding> {
  if (url === undefined) return skipped("grpc", "name its address with --grpc-url");
  try {
    const status = await askGrpcHealth(url, 10_000);
    return status === 1
      ? ok("grpc", "serving")
      : failed("grpc", `the health service says ${status} and not 1 (SERVING)`);
  } catch (error) {
    return failed("grpc", `no gRPC answers at ${url} (${reasonOf(error)})`);
  }
}

const sample =
  /^[a-zA-Z_:][\w:]*(?:\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\})? (?:[-+]?(?:\d[\d.eE+-]*|Inf)|NaN)(?: \d+)?(?: #.*)?$/;
const countWaitMs = 10_000;
const countEveryMs = 500;

/** Where metrics are: on the platform's port, or on one of their own. */
export interface Metrics {
  readonly target: Target;
  readonly path: string;
}

/** The sum of all calls that one scrape tells; a finding where it cannot be read. */
export async function countCalls({ target, path }: Metrics): Promise<number | Finding> {
  const seen = await look(target, path).catch(reasonOf);
  if (typeof seen === "string") return failed("metrics", `nothing answers at ${target.url}${path} (${seen})`);
  if (seen.status === 404)
    return failed(
      "metrics",
      "there are none: set prometheus.enabled, or name the port that they have with --metrics-url",
    );
  if (seen.status !== 200) return skipped("metrics", `${seen.status}: the key may not scrape`);
  const lines = seen.text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const odd = lines.find((line) => !sample.test(line));
  if (odd !== undefined) return failed("metrics", `cannot be read: ${odd.slice(0, 200)}`);
  return lines
    .filter((line) => line.startsWith("llm_requests_total{"))
    .reduce((sum, line) => sum + Number(/\} (\S+)/.exec(line)?.[1] ?? 0), 0);
}

/** Whether scrapes count the calls that were made since the one before. */
export async function checkMetrics(metrics: Metrics, before: number | Finding): Promise<Finding> {
  if (typeof before !== "number") return before;
  const untilMs = performance.now() + countWaitMs;
  for (;;) {
    const now = await countCalls(metrics);
    if (typeof now !== "number") return now;
    if (now > before) return ok("metrics", `can be read, and count ${now - before} calls of this run`);
    if (performance.now() > untilMs)
      return warning(
        "metrics",
        "can be read, and do not count the calls: several replicas may answer in turn",
      );
    await sleep(countEveryMs);
  }
}
