import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSocketFolder } from "./socket-path.ts";

describe("openSocketFolder", () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "llmp-"));
  });

  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it.each([
    ["in the data folder while the path is short enough", "short", true],
    ["in a private temporary folder when it is not", "long/".repeat(30), false],
  ])("puts sockets %s", async (_what, name, isBelow) => {
    const folder = await openSocketFolder(join(root, name));
    const path = folder.newPath();
    expect(path.startsWith(root)).toBe(isBelow);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(103);
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
    expect(folder.newPath()).not.toBe(path);
    await folder.remove();
    await expect(stat(dirname(path))).rejects.toThrow("ENOENT");
  });

  it("leaves the folder of another living instance alone", async () => {
    const first = await openSocketFolder(root);
    const second = await openSocketFolder(root);
    await second.remove();
    expect((await stat(dirname(first.newPath()))).isDirectory()).toBe(true);
  });

  it("removes what a killed process left, also one with the same process id", async () => {
    await mkdir(join(root, `s${process.pid.toString(36)}-1-abcdef`));
    await mkdir(join(root, `s${(2 ** 30).toString(36)}-1-abcdef`));
    await mkdir(join(root, "something-else"));
    const folder = await openSocketFolder(root);
    const own = dirname(folder.newPath()).slice(root.length + 1);
    expect(new Set(await readdir(root))).toEqual(new Set([own, "something-else"]));
  });
});
