import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { readMachine } from "../../bench/conditions.ts";
import { type ProfileName, profileNames } from "./k6/profiles.ts";
import { type GrpcRunReport, runGrpc } from "./grpc-run.ts";
import { type ProfilePlan, type ProfileReport, runProfiles } from "./profile-run.ts";
import { formatFigures, withFigures } from "./results-page.ts";
import { canReplicate, startReplicated, startSingle, type System, usualPace } from "./system.ts";

/**
 * `npm run load -- [PROFILE…] [--short] [--per-second N]`: profiles against one server and against two replicas behind nginx,
 * and calls over gRPC. All of them without a name of a profile, and then the figures in the guide are written anew.
 * `--json` prints everything that was found. Ends with 1 when a call was lost or a threshold was not held.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    "per-second": { type: "string" },
  },
});

const page = new URL("../../docs/guides/load-results.md", import.meta.url);
const unknown = positionals.filter((name) => !profileNames.some((each) => each === name));
if (unknown.length > 0)
  throw new Error(`there is no profile ${unknown.join(", ")}; there are ${profileNames.join(", ")}`);
const isWhole = positionals.length === 0;
const chosen = profileNames.filter((name) => isWhole || positionals.includes(name));

function planOf(profile: ProfileName): ProfilePlan {
  const seconds = values.short ? 15 : 120;
  return {
    profile,
    seconds: profile === "soak" ? (values.short ? 60 : 3_600) : seconds,
    perSecond: Number(values["per-second"] ?? 40),
    mostTokens: values.short ? 60 : 400,
    ...(profile === "stress" ? {} : { firstTokenP95Ms: usualPace.firstTokenDelayMs + 100 }),
  };
}

async function against<Result>(start: () => Promise<System>, run: (system: System) => Promise<Result>) {
  const system = await start();
  try {
    return await run(system);
  } finally {
    await system.stop();
  }
}

const machine = await readMachine(new Date());
const plans = chosen.map(planOf);
const [one, grpc] = await against(
  () => startSingle(usualPace),
  async (system): Promise<[readonly ProfileReport[], readonly GrpcRunReport[]]> => [
    await runProfiles(system, plans),
    isWhole ? await runGrpc(system, { seconds: values.short ? 10 : 60, perSecond: 100 }) : [],
  ],
);
const two = canReplicate
  ? await against(
      () => startReplicated(usualPace),
      (system) => runProfiles(system, plans),
    )
  : [];

const figures = formatFigures({ machine, one, two, grpc });
process.stdout.write(values.json ? JSON.stringify({ machine, one, two, grpc }, null, 2) : figures);
if (isWhole) await writeFile(page, withFigures(await readFile(page, "utf8"), figures));
const isWrong = [...one, ...two].some(({ unrecorded, crossed }) => unrecorded > 0 || crossed.length > 0);
process.exitCode = isWrong || grpc.some(({ failed }) => Object.keys(failed).length > 0) ? 1 : 0;
