import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { formatTable } from "../../tools/generators/markdown.ts";
import { runProfiles } from "./load-run.ts";
import { type ProfileName, profiles } from "./profiles.ts";

/**
 * `node test/load/load.ts --seconds 60 --per-second 200 --p99 500`: the long form, on a quiet machine. It writes
 * `test/load/results.md` and ends with 1 when a call was lost or a profile but `stress` took longer than that. A soak is
 * `--profile load --seconds 3600`.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    "per-second": { type: "string", default: "200" },
    p99: { type: "string", default: "500" },
    profile: { type: "string" },
  },
});
const names = z.enum(["load", "stress", "spike", "trace"] satisfies readonly ProfileName[]);
const all = z.array(names).parse(Object.keys(profiles));
const chosen = values.profile === undefined ? all : [names.parse(values.profile)];
const [seconds, perSecond, mostMs] = [
  Number(values.seconds),
  Number(values["per-second"]),
  Number(values.p99),
];
const reports = await runProfiles(chosen, { seconds, perSecond });
const rows = reports.map(({ profile, calls, failed, cut, unrecorded, p50Ms, p99Ms }) =>
  [profile, calls, failed, cut, unrecorded, p50Ms, p99Ms].map(String),
);
const head = ["profile", "calls", "failed", "cut", "not recorded", "p50 ms", "p99 ms"];
const text = `# Load\n\n\`node test/load/load.ts --seconds ${seconds} --per-second ${perSecond}\`, ${new Date().toISOString()}, Node ${process.version}. Half of the calls are streams; the upstream itself takes about 50 ms for an answer.\n\n${formatTable(head, rows)}`;
writeFileSync(new URL("results.md", import.meta.url), text);
process.stdout.write(text);
const isLost = reports.some(({ failed, cut, unrecorded }) => failed + cut + unrecorded > 0);
const isSlow = reports.some(({ profile, p99Ms }) => profile !== "stress" && p99Ms > mostMs);
process.exitCode = isLost || isSlow ? 1 : 0;
