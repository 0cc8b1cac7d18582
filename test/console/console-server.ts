import type { Browser } from "playwright-core";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, member } from "../e2e/http.ts";
import { openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { type ConsolePage, openPage, type View } from "./browser.ts";

export const roles = ["admin", "operator", "developer", "viewer"] as const;
export type Role = (typeof roles)[number];

const rootKey = "a-key-of-the-configuration-0123456789";
const password = "correct horse battery staple";

/** A server with a fake upstream, and a user of each role. */
export interface ConsoleServer {
  readonly platform: Platform;
  readonly upstream: FakeUpstream;
  /** Of an admin, for what a test prepares over the API. */
  readonly key: string;
  /** Opens the console as a user of the role, at a path below `/console`; default its first page. */
  openAs(browser: Browser, role: Role, view?: View & { readonly path?: string }): Promise<ConsolePage>;
  stop(): Promise<void>;
}

export async function startConsoleServer(
  config: Readonly<Record<string, unknown>> = {},
): Promise<ConsoleServer> {
  const upstream = await createFakeUpstream({ dialect: "openai" });
  const platform = await startPlatform({
    config: {
      auth: { api_keys: [{ name: "root", key: rootKey, role: "admin" }] },
      integrations: [openAiIntegration("fake", upstream.origin)],
      ...config,
    },
  });
  for (const role of roles) await makeUser(platform, role);
  return {
    platform,
    upstream,
    key: rootKey,
    async openAs(browser, role, { path = "/", ...view } = {}) {
      const opened = await openPage(browser, `${platform.url}/console${path}`, view);
      const { page } = opened;
      await page.getByLabel("Name").fill(role);
      await page.getByLabel("Password", { exact: true }).fill(password);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("navigation").first().waitFor({ state: "attached" });
      return opened;
    },
    async stop() {
      await platform.stop();
      await upstream.stop();
    },
  };
}

async function makeUser(platform: Platform, role: Role): Promise<void> {
  const headers = { authorization: `Bearer ${rootKey}` };
  const made = await ask(platform, "/api/v1/users", { headers, body: { name: role, role } });
  const path = `/api/v1/users/${String(member(made.json, "id"))}/password`;
  const set = await ask(platform, path, { headers, method: "PUT", body: { password } });
  if (set.status !== 200) throw new Error(`${role} has no password: ${made.text} ${set.text}`);
}
