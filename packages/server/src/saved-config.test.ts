import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { IntegrationConfig } from "@llm-platform/kit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createSavedConfig } from "./saved-config.ts";
import { openStore, type Store } from "./store/store.ts";

let directory = "";
let store: Store;
let told: string[] = [];

const tell = (event: string) => void told.push(event);
const log = { debug: tell, info: tell, warn: tell, error: tell };

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "saved-config-"));
  store = await openStore({ directory });
  told = [];
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

function entry(more: Partial<IntegrationConfig> = {}): IntegrationConfig {
  return {
    name: "office",
    type: "model_platform",
    use: "openai-compatible",
    enabled: true,
    priority: 100,
    dependencies: [],
    settings: { base_url: "http://127.0.0.1:1/v1" },
    health_check_interval: 60,
    retry_config: { max_retries: 3, backoff_factor: 2, max_backoff: 300 },
    ...more,
  };
}

function alter(): void {
  const raw = new DatabaseSync(join(directory, "platform.db"));
  raw.exec("UPDATE secrets SET envelope = substr(envelope, 1, length(envelope) - 4) || 'AAAA'");
  raw.close();
}

it("keeps changes over a restart, the later ones on top, until the entry of the file changes", async () => {
  const first = createSavedConfig(store, log);
  expect(await first.apply(entry())).toEqual(entry());
  await first.save("office", { priority: 7, enabled: false });
  await first.save("office", { enabled: true, settings: { api_key: "k" } });
  const changed = entry({ priority: 7, settings: { api_key: "k" } });
  const second = createSavedConfig(store, log);
  expect(await second.apply(entry())).toEqual(changed);
  expect(await second.apply(entry({ health_check_interval: 5 }))).toEqual(
    entry({ health_check_interval: 5 }),
  );
  await second.save("office", { priority: 9 });
  expect(await createSavedConfig(store, log).apply(entry())).toEqual(entry());
});

it("leaves an integration off whose change was altered, but no surface, and takes a new change", async () => {
  const first = createSavedConfig(store, log);
  await first.apply(entry());
  await first.save("office", { priority: 7 });
  alter();
  const second = createSavedConfig(store, log);
  expect(await second.apply(entry())).toEqual(entry({ enabled: false }));
  expect(await second.apply(entry({ type: "api" }))).toEqual(entry({ type: "api" }));
  expect(told).toEqual(["secrets.unreadable", "secrets.unreadable"]);
  await second.apply(entry());
  await second.save("office", { priority: 8 });
  expect(await createSavedConfig(store, log).apply(entry())).toEqual(entry({ priority: 8 }));
});
