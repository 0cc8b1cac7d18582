import type { TrafficOutcome } from "../gateway/recorder.ts";
import type { Traffic } from "./messages.ts";

const reportAfterMs = 100;

/** Gathers how calls went. Of outcomes in a row that are alike, one tells all that the first process wants to know. */
export function createTrafficReport(
  send: (traffic: readonly Traffic[]) => void,
): (integration: string, outcome: TrafficOutcome) => void {
  const last = new Map<string, TrafficOutcome>();
  let gathered: Traffic[] = [];

  function flush(): void {
    const traffic = gathered;
    gathered = [];
    last.clear();
    send(traffic);
  }

  return (integration, outcome) => {
    if (last.get(integration) === outcome) return;
    last.set(integration, outcome);
    if (gathered.length === 0) setTimeout(flush, reportAfterMs).unref();
    gathered.push({ integration, outcome });
  };
}
