import { parseArgs } from "node:util";
import { rollOver } from "./rolling-run.ts";

/** `node test/load/rolling-restart.ts --rounds 20 --per-second 100`: the long form; it ends with 1 when a call was lost. */
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "20" }, "per-second": { type: "string", default: "100" } },
});
const report = await rollOver({ rounds: Number(values.rounds), perSecond: Number(values["per-second"]) });
console.log(JSON.stringify(report, null, 2));
const lost = report.failed.length + report.cut.length + report.unrecorded;
process.exitCode = lost === 0 && report.exitCodes.every((code) => code === 0) ? 0 : 1;
