import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

type Instruction = { readonly name: string; readonly rest: string };
type Stage = { readonly name: string; readonly base: string; readonly instructions: readonly Instruction[] };

const instructions = readInstructions(readFileSync(`${root}Dockerfile`, "utf8"));
const stages = readStages(instructions);
const shipped = ["cpu", "cuda"].map((name) => stages.find((stage) => stage.name === name));

/** Instructions with their continuations, without comments. */
function readInstructions(source: string): readonly Instruction[] {
  return source
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, name = "", rest = ""] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
      return { name, rest };
    });
}

function readStages(all: readonly Instruction[]): readonly Stage[] {
  return all.flatMap(({ name, rest }, index) => {
    if (name !== "FROM") return [];
    const [, base = "", stage = ""] = /^(\S+) AS (\S+)$/.exec(rest) ?? [];
    const following = all.slice(index + 1);
    const end = following.findIndex((each) => each.name === "FROM");
    return [{ name: stage, base, instructions: end < 0 ? following : following.slice(0, end) }];
  });
}

function values(stage: Stage | undefined, name: string): readonly string[] {
  return (stage?.instructions ?? []).filter((each) => each.name === name).map(({ rest }) => rest);
}

test("every line is an instruction that is used here", () => {
  const known = /^(?:ARG|FROM|WORKDIR|COPY|RUN|ENV|USER|VOLUME|EXPOSE|HEALTHCHECK|ENTRYPOINT)$/;
  for (const instruction of instructions)
    expect(instruction.name, JSON.stringify(instruction)).toMatch(known);
});

test("bases are arguments whose defaults have a version, or stages from before", () => {
  const args = Object.fromEntries(
    instructions.filter(({ name }) => name === "ARG").map(({ rest }) => rest.split("=", 2)),
  );
  for (const [index, { base }] of stages.entries()) {
    const argument = /^\$\{(\w+)\}$/.exec(base)?.[1];
    if (argument === undefined) expect(stages.slice(0, index).map(({ name }) => name)).toContain(base);
    else expect(args[argument]).toMatch(/^[\w/.-]+:\d+\.\d+\.\d+-[\w.-]+$/);
  }
  const { engines } = JSON.parse(readFileSync(`${root}packages/server/package.json`, "utf8"));
  expect(engines.node).toBe(">=24.15");
  expect(args["NODE_IMAGE"]).toMatch(/^node:24\.(?:1[5-9]|[2-9]\d)\./);
});

test("what is copied is there, and is in the context", () => {
  const ignored = readFileSync(`${root}.dockerignore`, "utf8").split("\n");
  for (const stage of stages)
    for (const copy of values(stage, "COPY")) {
      const [first = "", ...others] = copy.split(" ");
      const from = /^--from=(.+)$/.exec(first)?.[1];
      if (from !== undefined) {
        expect(stages.map(({ name }) => name)).toContain(from);
        continue;
      }
      for (const path of [first, ...others.slice(0, -1)].filter((each) => each !== ".")) {
        expect(existsSync(root + path), path).toBe(true);
        expect(
          ignored.some((line) => line === `!${path}` || path.startsWith(`${line.slice(1)}/`)),
          path,
        ).toBe(true);
      }
    }
  expect(ignored[1]).toBe("*");
});

test("the variants differ in their bases and files only", () => {
  const [cpu, cuda] = shipped;
  for (const name of ["ENV", "WORKDIR", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT"]) {
    expect(values(cpu, name), name).toHaveLength(1);
    expect(values(cuda, name), name).toEqual(values(cpu, name));
  }
  expect(stages.at(-1)?.name).toBe("cpu");
});

test("what is shipped runs as nobody in particular, tells its health by Node, and gets signals itself", () => {
  const [cpu] = shipped;
  expect(values(cpu, "USER")).toEqual(["10001:10001"]);
  const command = JSON.parse(/CMD (\[.*\])$/.exec(values(cpu, "HEALTHCHECK")[0] ?? "")?.[1] ?? "");
  expect(command[0]).toBe("node");
  expect(command[2]).toContain("/livez");
  const entrypoint: unknown = JSON.parse(values(cpu, "ENTRYPOINT")[0] ?? "");
  // The flags are those that `npm start` gives Node.
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const start: string = scripts.start;
  expect(entrypoint).toEqual(
    start.split(" ").map((part) => part.replace(/^packages/, "/opt/llm-platform/packages")),
  );
});

test("nothing is installed in what is shipped, and npm is not in it", () => {
  const [cpu, cuda] = shipped;
  for (const run of [...values(cpu, "RUN"), ...values(cuda, "RUN")])
    expect(run).not.toMatch(/\b(?:apt-get|curl|wget|sudo)\b|\bnpm (?:ci|install)\b|chmod 777/);
  expect(values(cpu, "RUN").join()).toMatch(
    /rm -rf .*\/usr\/local\/lib\/node_modules .*\/usr\/local\/bin\/npm /,
  );
  expect(values(cuda, "COPY")).toContain("--from=build /usr/local/bin/node /usr/local/bin/node");
});

test("no line holds a secret", () => {
  for (const { name, rest } of instructions.filter((each) => each.name === "ARG" || each.name === "ENV"))
    expect(rest, name).not.toMatch(/(?:key|token|password|secret)\w*=/i);
});
