import { describe, expect, it } from "vitest";
import { load } from "./made-up-machine.test-data.ts";
import { hideSecrets, renderConfig } from "./render.ts";
import { configSchema } from "./schema.ts";
import { configJsonSchema } from "./setting-tree.ts";
import { settingsReference } from "./settings-reference.ts";

const key = "sk-0123456789abcdef";

describe("showing the configuration", () => {
  const yaml = `auth: { api_keys: [{ name: a, key: ${key} }] }
integrations:
  - { name: v, settings: { api_key: hidden-1, base_url: "http://u:hidden-2@h/v1", headers: { x: hidden-3 }, nested: { access_token: hidden-4, size: 4 } } }`;

  it("hides every secret and says where values come from", () => {
    const { config, origins } = load({ yaml, env: { LLM_PLATFORM_SERVER__PORT: "81" } });
    const text = renderConfig(config, origins);
    expect(text).not.toMatch(/hidden|sk-0123/);
    expect(text).toContain("port: 81 # env");
    expect(text).toContain("host: 127.0.0.1 # default");
    expect(text).toContain("size: 4");
    expect(JSON.stringify(hideSecrets(config))).not.toMatch(/hidden|sk-0123/);
  });
});

describe("the settings reference", () => {
  it("has a doc line and a name in the environment for every setting", () => {
    const rows = settingsReference();
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.filter(({ doc, env }) => doc === "" || env.length === 0)).toEqual([]);
    expect(new Set(rows.map(({ env }) => env[0])).size).toBe(rows.length);
    expect(rows.find((row) => row.key === "gateway.chunk_timeout_seconds")).toMatchObject({
      default: 60,
      unit: "seconds",
      type: "number",
    });
  });

  it("gives every setting that has a default a name that really sets it", () => {
    const rows = settingsReference().filter(
      (row) =>
        row.default !== undefined &&
        !row.key.includes("[]") &&
        ["number", "integer", "boolean"].includes(row.type),
    );
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) {
      const name = row.env[0] ?? "";
      expect([row.key, load({ env: { [name]: String(row.default) } }).origins.get(row.key)]).toEqual([
        row.key,
        "env",
      ]);
    }
  });

  it("says in the JSON Schema what the schema takes", () => {
    const text = JSON.stringify(configJsonSchema());
    expect(text).toContain('"additionalProperties":false');
    expect(text).toContain('"format":"secret"');
    expect(configSchema.safeParse({ data_dir: "/d" }).success).toBe(true);
  });
});
