import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Contestant } from "./contestants/contestant.ts";
import type { LoadTimes, Measurement } from "./load.ts";
import { measureAll, type MeasureParts } from "./measure.ts";
import type { PinnedProcess } from "./processes.ts";
import type { GatewayName, LoadScenario } from "./scenarios.ts";

let folder: string;
let happened: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-platform-bench-test-"));
  happened = [];
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const json: LoadScenario = {
  name: "json-1k",
  kind: "json",
  contestants: ["nginx", "go"],
  plan: { mode: "closed", connections: 1 },
};

const told: Measurement = {
  requests: 10,
  events: 0,
  seconds: 1,
  cpuMicros: 500,
  latencyP50Micros: 1,
  latencyP99Micros: 2,
  peakResidentKib: 1_024,
  failures: 0,
  notOk: 0,
  cutStreams: 0,
  backlog: 0,
};

function processNamed(name: string): PinnedProcess {
  const note = (what: string) => () => {
    happened.push(`${what} ${name}`);
    return Promise.resolve();
  };
  return {
    name,
    hasEnded: () => false,
    logTail: () => Promise.resolve(""),
    pids: () => Promise.resolve([]),
    pause: note("pause"),
    resume: note("resume"),
    stop: note("stop"),
  };
}

function contestant(name: GatewayName, more: Partial<Contestant> = {}): Contestant {
  return {
    name,
    version: "1",
    headers: () => [],
    start: () => Promise.resolve({ port: 1, process: processNamed(name) }),
    ...more,
  };
}

/** A line-up before a load generator that answers at once and notes whom it was sent to, and for how long. */
function partsWith(
  contestants: readonly Contestant[],
  rounds: number,
): MeasureParts & { asked: LoadTimes[] } {
  const asked: LoadTimes[] = [];
  return {
    asked,
    processes: {
      start: () => processNamed("none"),
      run: () => Promise.resolve(""),
      stopAll: () => Promise.resolve(),
    },
    load: {
      run(_plan, { name }, times) {
        asked.push(times);
        happened.push(`ask ${name}`);
        return Promise.resolve(told);
      },
    },
    contestants,
    upstream: { port: 2, process: processNamed("upstream") },
    folder,
    times: { seconds: 1, warmupSeconds: 0.5 },
    rounds,
    starts: 1,
    say: () => {},
  };
}

test("a peer sleeps while others are asked, and is asked in some of the rounds only", async () => {
  const { figures } = await measureAll([json], partsWith([contestant("nginx"), contestant("go")], 12));
  expect(happened.slice(0, 3)).toEqual(["ask nginx", "ask go", "pause go"]);
  const rounds = happened.slice(3, -2).join(", ");
  const both = "ask nginx, resume go, ask go, pause go";
  expect(rounds).toBe([both, ...Array.from({ length: 6 }, () => `ask nginx, ${both}`)].join(", "));
  const [ofNginx, ofGo] = figures.map((figure) =>
    figure.rounds.map((round) => round?.["cpuMicrosPerRequest"]),
  );
  expect(ofNginx).toEqual(Array.from({ length: 12 }, () => 50));
  expect(ofGo).toEqual(Array.from({ length: 6 }, () => [undefined, 50]).flat());
});

test("a peer that does not start is missing, with its reason, and the others are measured", async () => {
  const broken = contestant("go", { start: () => Promise.reject(new Error("go ended while it started")) });
  const idle: LoadScenario = { ...json, name: "idle-1", kind: "idle" };
  const parts = partsWith([contestant("nginx"), broken], 2);
  const { figures, missing, problems } = await measureAll([json], parts);
  expect(missing).toEqual({ go: "go ended while it started" });
  expect(figures.map((figure) => figure.contestant)).toEqual(["nginx"]);
  expect(problems).toEqual([]);
  expect((await measureAll([idle], parts)).missing).toEqual({ go: "go ended while it started" });
});

test("a peer that is not in the line-up is left out", async () => {
  const { figures, missing } = await measureAll([json], partsWith([contestant("nginx")], 1));
  expect(figures.map((figure) => figure.contestant)).toEqual(["nginx"]);
  expect(missing).toEqual({});
});

test("there is no run when nginx does not start", async () => {
  const broken = contestant("nginx", { start: () => Promise.reject(new Error("nginx is broken")) });
  await expect(measureAll([json], partsWith([broken, contestant("go")], 1))).rejects.toThrow(
    "nginx is broken",
  );
});

test("who answers slowly is measured for longer", async () => {
  const parts = partsWith([contestant("nginx"), contestant("go", { timesFactor: 4, warmUpSeconds: 3 })], 1);
  await measureAll([json], parts);
  expect(parts.asked.slice(0, 4)).toEqual([
    { seconds: 30, warmupSeconds: 0 },
    { seconds: 3, warmupSeconds: 0 },
    { seconds: 1, warmupSeconds: 0.5 },
    { seconds: 4, warmupSeconds: 2 },
  ]);
});

test("a fault of any contestant is a problem of the run", async () => {
  const parts = partsWith([contestant("nginx"), contestant("go")], 1);
  const load: MeasureParts["load"] = {
    run: (_plan, { name }) => Promise.resolve({ ...told, notOk: name === "go" ? 3 : 0 }),
  };
  const { problems } = await measureAll([json], { ...parts, load });
  expect(problems).toEqual(["go, json-1k, round 1: 3 answers were not 200"]);
});
