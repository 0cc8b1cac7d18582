import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryKeyValues, createRecordedLog } from "@llm-platform/kit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeGguf } from "./gguf-sample.test-data.ts";
import { createModelCatalog } from "./model-catalog.ts";
import { createModelRecords } from "./model-records.ts";
import { createModelShelf } from "./model-shelf.ts";

const llama = encodeGguf({ entries: [["general.architecture", "string", "llama"]], tensors: [] });
const projector = encodeGguf({ entries: [["general.architecture", "string", "clip"]], tensors: [] });

describe("createModelCatalog", () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "llmp-"));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  const open = () => {
    const { log, records } = createRecordedLog();
    let changes = 0;
    const catalog = createModelCatalog({
      directories: [directory],
      storageDirectory: undefined,
      log,
      onChange: () => (changes += 1),
    });
    return { catalog, events: () => records.map((record) => record.event), changes: () => changes };
  };

  it("offers sound files and warns of corrupt ones", async () => {
    await writeFile(join(directory, "good.gguf"), llama);
    await writeFile(join(directory, "bad.gguf"), "GGUF?");
    await writeFile(join(directory, "vision.gguf"), projector);
    await writeFile(join(directory, "notes.txt"), "x");
    const { catalog, events } = open();
    expect((await catalog.scan()).map((file) => file.id)).toEqual(["good"]);
    expect(events()).toEqual(["model.corrupt"]);
    await catalog.scan();
    expect(events()).toEqual(["model.corrupt"]);
  });

  it("does not follow a link out of its folder", async () => {
    const outside = await mkdtemp(join(tmpdir(), "llmp-"));
    try {
      await writeFile(join(outside, "secret.gguf"), llama);
      await symlink(join(outside, "secret.gguf"), join(directory, "link.gguf"));
      const { catalog, events } = open();
      expect(await catalog.scan()).toEqual([]);
      expect(events()).toEqual(["model.outside"]);
    } finally {
      await rm(outside, { recursive: true, force: true });
    }
  });

  it("takes a model in parts as one", async () => {
    await writeFile(join(directory, "m-00001-of-00002.gguf"), llama);
    await writeFile(join(directory, "m-00002-of-00002.gguf"), llama);
    const [file, ...rest] = await open().catalog.scan();
    expect(rest).toEqual([]);
    expect(file).toMatchObject({ id: "m-00001-of-00002", sizeBytes: llama.length * 2 });
  });

  it("notices new models, also when one is asked for by name", async () => {
    await writeFile(join(directory, "a.gguf"), llama);
    const { catalog, changes } = open();
    await catalog.scan();
    await writeFile(join(directory, "b.gguf"), llama);
    const shelf = createModelShelf(
      catalog,
      createModelRecords({ keyValues: createMemoryKeyValues(), log: createRecordedLog().log }),
    );
    expect((await shelf.find("b")).file.id).toBe("b");
    expect(changes()).toBe(1);
    await expect(shelf.find("../a")).rejects.toMatchObject({ code: "model_not_found" });
  });

  it("goes on without a folder that cannot be read", async () => {
    await rm(directory, { recursive: true });
    const { catalog, events } = open();
    expect(await catalog.scan()).toEqual([]);
    expect(events()).toEqual(["model_directory.unreadable"]);
  });
});
