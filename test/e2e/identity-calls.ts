import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { z } from "zod";
import { type Answer, ask, type Asking, chatBody } from "./http.ts";
import { openAiIntegration, type Platform } from "./start-platform.ts";

/** Of an admin of the configuration, who is there before any user is. */
export const rootKey = "a-key-of-the-configuration-0123456789";
export const withRoot = { auth: { api_keys: [{ name: "root", key: rootKey, role: "admin" }] } };

const shownKey = z.object({
  id: z.string(),
  key: z.string(),
  prefix: z.string(),
  scopes: z.array(z.string()),
});
const madeUser = z.object({ id: z.string(), key: z.string().nullable() });

/** A platform with one model, `fake/tiny-chat`. */
export function withFake(origin: string, more: Readonly<Record<string, unknown>> = {}) {
  return { integrations: [openAiIntegration("fake", origin)], ...more };
}

/** How somebody with a key asks, or without one. */
export function as(
  platform: Platform,
  key: string | undefined,
): (path: string, asking?: Asking) => Promise<Answer> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return (path, asking = {}) => ask(platform, path, { ...asking, headers });
}

export async function createKey(
  platform: Platform,
  by: string,
  body: object,
): Promise<z.output<typeof shownKey>> {
  const answer = await as(platform, by)("/api/v1/keys", { body });
  expect(answer.status, answer.text).toBe(200);
  return shownKey.parse(answer.json);
}

export async function createUser(
  platform: Platform,
  by: string | undefined,
  body: object,
): Promise<z.output<typeof madeUser>> {
  const answer = await as(platform, by)("/api/v1/users", { body });
  expect(answer.status, answer.text).toBe(200);
  return madeUser.parse(answer.json);
}

/** Of a chat with the model of `withFake`. */
export async function chatStatus(platform: Platform, key: string | undefined): Promise<number> {
  return (await as(platform, key)("/v1/chat/completions", { body: chatBody("fake/tiny-chat") })).status;
}

const modelLimitMs = 20_000;
const modelLookMs = 50;

/** Resolves when the model of `withFake` is known: on a busy machine a server takes calls some time before. */
export async function untilFakeIsKnown(platform: Platform, key: string | undefined): Promise<void> {
  const untilMs = performance.now() + modelLimitMs;
  while (!(await as(platform, key)("/v1/models")).text.includes("tiny-chat")) {
    if (performance.now() > untilMs) throw new Error(`the model is not known:\n${platform.log()}`);
    await sleep(modelLookMs);
  }
}
