import { parseArgs } from "node:util";
import { rollOver } from "./rolling-run.ts";

/** `node test/load/rolling-restart.ts --seconds 300 --per-second 200`: the long form; it ends with 1 when a call was lost. */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "300" },
    "per-second": { type: "string", default: "200" },
  },
});
const report = await rollOver({ seconds: Number(values.seconds), perSecond: Number(values["per-second"]) });
console.log(JSON.stringify(report, null, 2));
const { chats, unrecorded, exitCodes } = report;
const lost = chats.failed + chats.cut + unrecorded;
process.exitCode = lost === 0 && exitCodes.every((code) => code === 0) ? 0 : 1;
