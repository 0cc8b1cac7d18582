import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspectPath } from "./inspect-folder.ts";
import { encodeSafetensors } from "./safetensors-sample.test-data.ts";

describe("inspectPath", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "llm-folder-"));
    const head = { a: { dtype: "F32", shape: [1], data_offsets: [0, 4] } };
    await writeFile(join(folder, "model.safetensors"), encodeSafetensors(head, Buffer.alloc(4)));
    await writeFile(join(folder, "config.json"), "{}");
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  it("finds weights and texts sound", async () => {
    expect(await inspectPath(folder)).toMatchObject({
      verdict: "weights_only",
      format: "safetensors",
      reasons: [],
    });
  });

  it.each([
    ["config.json", '{"auto_map":{"AutoModel":"modeling.My"}}', "auto_map"],
    ["config.json", '{"\\u0061uto_map":{"AutoModel":"modeling.My"}}', "auto_map"],
    ["processor_config.json", `{"chat_template":[{"template":"{{ x.__class__ }}"}]}`, "__class__"],
    ["pytorch_model.bin", "not weights", "called like weights"],
    ["modeling.py", "import os", "Python code"],
    ["requirements.txt", "evil", "Python packages"],
    ["tokenizer_config.json", `{"chat_template":"{{ x.__class__ }}"}`, "__class__"],
    ["chat_template.jinja", "{{ x.__class__ }}", "__class__"],
  ])("flags %s with %s", async (name, text, word) => {
    await writeFile(join(folder, name), text);
    const verdict = await inspectPath(folder);
    expect(verdict).toMatchObject({ verdict: "suspicious", format: "safetensors" });
    expect(verdict.reasons.join(" ")).toContain(word);
  });

  it("does not take the tokens of a tokenizer for inner attributes", async () => {
    await writeFile(join(folder, "tokenizer_config.json"), '{"added":"__init__","chat_template":"{{ a }}"}');
    expect((await inspectPath(folder)).verdict).toBe("weights_only");
  });

  it("is as bad as the worst file in it, also in a folder inside", async () => {
    await mkdir(join(folder, "bin"));
    await writeFile(join(folder, "bin", "run"), "#!/bin/sh");
    expect(await inspectPath(folder)).toMatchObject({ verdict: "refused", format: "safetensors" });
  });

  it("does not follow links", async () => {
    await symlink("/etc/passwd", join(folder, "weights.bin"));
    const { files } = await inspectPath(folder);
    expect(files[0]).toMatchObject({ name: "weights.bin", format: "link", verdict: "suspicious" });
  });

  it("refuses a text that stands alone", async () => {
    expect((await inspectPath(join(folder, "config.json"))).verdict).toBe("refused");
  });
});
