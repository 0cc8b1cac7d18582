import { rootKey, untilFakeIsKnown, withFake, withRoot } from "../e2e/identity-calls.ts";
import { startPlatform } from "../e2e/start-platform.ts";
import { type Outcome, sendAt } from "../e2e/steady-load.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { type ProfileName, profiles } from "./profiles.ts";

/** What one profile came to, of whole replies and streams together. */
export type LoadReport = {
  readonly profile: ProfileName;
  readonly calls: number;
  readonly failed: number;
  readonly cut: number;
  /** Calls without a row in the ledger a moment after the last. */
  readonly unrecorded: number;
  /** From the instant at which a call was due to the end of its reply, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What failed calls were answered, each once. */
  readonly problems: readonly string[];
};

/** What an upstream takes for an answer: that much of the times is not the platform's. */
const upstreamPace = { chunks: 10, tokenDelayMs: 5 };

/** Runs profiles one after the other against one server, half of the calls as streams. */
export async function runProfiles(
  names: readonly ProfileName[],
  { seconds, perSecond }: { readonly seconds: number; readonly perSecond: number },
): Promise<readonly LoadReport[]> {
  const upstream = await createFakeUpstream({ dialect: "openai", ...upstreamPace });
  const platform = await startPlatform({ config: withFake(upstream.origin, withRoot) });
  try {
    await untilFakeIsKnown(platform, rootKey);
    const reports: LoadReport[] = [];
    let recorded = 0;
    for (const name of names) {
      const arrivals = profiles[name](seconds, perSecond);
      const load = {
        url: platform.url,
        key: rootKey,
        model: "fake/tiny-chat",
        signal: new AbortController().signal,
      };
      const halves = await Promise.all([
        sendAt(
          load,
          arrivals.filter((_, index) => index % 2 === 0),
        ),
        sendAt(
          { ...load, stream: true },
          arrivals.filter((_, index) => index % 2 === 1),
        ),
      ]);
      const outcomes = halves.flat();
      const rows = await platform.ledgerRows({ count: recorded + outcomes.length }).catch(() => []);
      reports.push(toReport(name, outcomes, recorded + outcomes.length - rows.length));
      recorded += outcomes.length;
    }
    return reports;
  } finally {
    await platform.stop();
    await upstream.stop();
  }
}

function toReport(profile: ProfileName, outcomes: readonly Outcome[], unrecorded: number): LoadReport {
  const times = outcomes.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  const percentile = (part: number) => Math.round(times[Math.ceil(times.length * part) - 1] ?? Number.NaN);
  return {
    profile,
    calls: outcomes.length,
    failed: outcomes.filter(({ status }) => status !== 200).length,
    cut: outcomes.filter(({ status, isWhole }) => status === 200 && !isWhole).length,
    unrecorded,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    problems: [...new Set(outcomes.map(({ problem }) => problem.replaceAll(/req_[\w-]+/g, "req_…")))].filter(
      Boolean,
    ),
  };
}
