import { describe, expect, it } from "vitest";
import { load } from "./made-up-machine.test-data.ts";

describe("master keys", () => {
  const key = Buffer.alloc(32, 7);

  it("are read from the file, the environment and files of their own, and never shown", () => {
    const other = Buffer.alloc(32, 9).toString("hex");
    const { config } = load({
      yaml: `secrets: { master_key: "${key.toString("base64")}", previous_master_keys_file: /run/keys }`,
      files: { "/run/keys": `${other}\n${key.toString("hex")}\n` },
    });
    expect(config.secrets.master_key?.reveal()).toBe(key.toString("base64"));
    expect(config.secrets.previous_master_keys?.map((each) => each.reveal())).toEqual([
      other,
      key.toString("hex"),
    ]);
    expect(JSON.stringify(config)).not.toContain(other);
    const env = { LLM_PLATFORM_SECRETS__MASTER_KEY_FILE: "/run/key" };
    const filed = load({ env, files: { "/run/key": `${other}\n` } });
    expect(filed.config.secrets.master_key?.reveal()).toBe(other);
  });

  it("that are none are all named, and none of them is repeated", () => {
    const env = {
      LLM_PLATFORM_SECRETS__MASTER_KEY: "hunter2",
      LLM_PLATFORM_SECRETS__PREVIOUS_MASTER_KEYS: `${key.toString("hex")},hunter3`,
    };
    expect(() => load({ env })).toThrow(
      expect.objectContaining({
        code: "config_invalid",
        message: expect.not.stringContaining("hunter"),
        problems: [
          {
            field: "secrets.master_key",
            message: expect.stringContaining("LLM_PLATFORM_SECRETS__MASTER_KEY"),
          },
          { field: "secrets.previous_master_keys", message: expect.stringContaining("key 2 must be") },
        ],
      }),
    );
  });
});
