import { look, type Target } from "./connection.ts";
import { failed, type Finding, memberOf, ok, parseJson, reasonOf, warning } from "./finding.ts";

const dayMs = 86_400_000;
/** As the alerts of a certificate that ends. */
const warnDays = 30;
const mostSkewMs = 60_000;
const warnSkewMs = 5_000;

/** What the front of a deployment says without a key. `isReachable`: whether more can be asked. */
export interface Reached {
  readonly findings: readonly Finding[];
  readonly isReachable: boolean;
}

/** Connection, certificate, clock, life and readiness. */
export async function checkReach(target: Target, nowMs: () => number): Promise<Reached> {
  const beforeMs = nowMs();
  const seen = await look(target, "/livez", { isAnonymous: true }).catch(reasonOf);
  if (typeof seen === "string") return { findings: [checkConnection(target, seen)], isReachable: false };
  const findings = [
    checkTls(target, seen.certificateEnds, nowMs()),
    checkClock(String(seen.headers["date"] ?? ""), beforeMs, nowMs()),
    seen.status === 200
      ? ok("health", `/livez answers in ${Math.round(seen.endMs)} ms`)
      : failed(
          "health",
          `/livez answers ${seen.status}: is this the platform's address? Look at the proxy in front.`,
        ),
  ];
  const ready = await look(target, "/readyz", { isAnonymous: true });
  findings.push(...checkReady(ready.status, ready.text));
  return { findings, isReachable: seen.status === 200 && ready.status === 200 };
}

function checkConnection({ url }: Target, reason: string): Finding {
  if (/CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)/.test(reason))
    return failed(
      "tls",
      `the certificate of ${url} is not accepted (${reason}): renew it, or name its authority in NODE_EXTRA_CA_CERTS`,
    );
  return failed(
    "health",
    `nothing answers at ${url} (${reason}): look whether the server runs, and at the proxy in front`,
  );
}

function checkTls({ url }: Target, ends: Date | undefined, nowMs: number): Finding {
  if (ends === undefined) {
    const isLocal = /^http:\/\/(?:localhost|127\.|\[::1\])/.test(url);
    return isLocal
      ? ok("tls", "none, on this machine")
      : warning("tls", "none: keys and prompts can be read on the way. Put TLS in front, or set server.tls.");
  }
  const days = Math.floor((ends.getTime() - nowMs) / dayMs);
  const detail = `the certificate is good until ${ends.toISOString()}`;
  return days < warnDays ? warning("tls", `${detail}: renew it, ${days} days are left`) : ok("tls", detail);
}

/** The server's time was taken between the two. */
function checkClock(date: string, beforeMs: number, afterMs: number): Finding {
  const serverMs = Date.parse(date);
  if (Number.isNaN(serverMs)) return warning("clock", "the server does not say its time");
  // The header has whole seconds.
  const skewMs = Math.max(0, beforeMs - serverMs - 1_000, serverMs - afterMs);
  const detail = `the clocks of server and here differ by ${(skewMs / 1_000).toFixed(1)} s`;
  if (skewMs > mostSkewMs)
    return failed("clock", `${detail}: set both by NTP, or tokens and limits are judged wrongly`);
  return skewMs > warnSkewMs ? warning("clock", detail) : ok("clock", detail);
}

function checkReady(status: number, text: string): readonly Finding[] {
  if (status === 200)
    return [ok("ready", "calls are taken"), ok("schema", "up to date, or the server would not take calls")];
  const reason = String(memberOf(parseJson(text), "detail") ?? text.trim().slice(0, 600));
  const check = /schema/.test(reason) ? "schema" : /database/.test(reason) ? "database" : "ready";
  return [failed(check, `no calls are taken: ${reason}`)];
}
