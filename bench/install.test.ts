import { randomUUID } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { installOnce, runInstaller } from "./install.ts";

const made: string[] = [];

afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
});

test("installs once, and uses nothing of an attempt that failed", async () => {
  const name = `test-${randomUUID()}`;
  const failed = installOnce(name, async (folder) => {
    made.push(join(dirname(folder), name));
    await writeFile(join(folder, "half"), "");
    throw new Error("the network went away");
  });
  await expect(failed).rejects.toThrow("the network went away");
  const folder = await installOnce(name, (unfinished) => writeFile(join(unfinished, "whole"), "1"));
  await installOnce(name, () => Promise.reject(new Error("was installed again")));
  expect(await readdir(folder)).toEqual(["whole"]);
  expect(await readFile(join(folder, "whole"), "utf8")).toBe("1");
  expect((await readdir(dirname(folder))).filter((entry) => entry.startsWith(name))).toEqual([name]);
});

test("a program that fails or is not there is told with what was tried, and pip's reason on the first line", () => {
  const failure = "it could not be installed";
  const pip = "echo 'ERROR: No matching version' >&2; echo more >&2; exit 1";
  expect(() => runInstaller(["/bin/sh", "-c", pip], { cwd: "/", failure })).toThrow(
    /^it could not be installed: No matching version\nERROR: No matching version\nmore$/,
  );
  expect(() => runInstaller(["/no/such/program"], { cwd: "/", failure })).toThrow(
    "it could not be installed: /no/such/program cannot be run",
  );
  expect(runInstaller(["/bin/sh", "-c", "echo $KIND"], { cwd: "/", failure, env: { KIND: "x" } })).toBe(
    "x\n",
  );
});
