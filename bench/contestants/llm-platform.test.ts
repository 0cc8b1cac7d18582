import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { StartOptions } from "../processes.ts";
import type { Place } from "./contestant.ts";
import { createLlmPlatform, type LlmPlatformOptions } from "./llm-platform.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-platform-bench-test-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** How it would be started; the process ends at once, so nothing is waited for. */
async function readStart(options: LlmPlatformOptions): Promise<StartOptions> {
  const seen: StartOptions[] = [];
  const processes: Place["processes"] = {
    start(started) {
      seen.push(started);
      return {
        name: started.name,
        hasEnded: () => true,
        logTail: () => Promise.resolve("ended"),
        pids: () => Promise.resolve([]),
        pause: () => Promise.resolve(),
        resume: () => Promise.resolve(),
        stop: () => Promise.resolve(),
      };
    },
    run: () => Promise.reject(new Error("nothing is run")),
    stopAll: () => Promise.resolve(),
  };
  const place = { processes, folder, upstreamPort: 9 };
  await expect(createLlmPlatform(options).start(place)).rejects.toThrow("ended while it started");
  const [first] = seen;
  if (first === undefined) throw new Error("it was not started");
  return first;
}

test("has the core of every gateway to itself, and no arguments but its configuration", async () => {
  const { cores, command } = await readStart({ version: "1" });
  expect(cores).toEqual([0]);
  expect(command.at(-1)).toBe(join(folder, "llm-platform.yaml"));
});

test("takes other cores, and arguments after its configuration", async () => {
  const extraArguments = ["--log-level", "error"];
  const { cores, command } = await readStart({ version: "1", extraArguments, cores: [0, 1] });
  expect(cores).toEqual([0, 1]);
  expect(command.slice(-3)).toEqual([join(folder, "llm-platform.yaml"), ...extraArguments]);
});
