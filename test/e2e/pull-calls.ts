import { expect } from "vitest";
import type { FakeHub } from "../fakes/hub/fake-hub.ts";
import { ask, eventsOf, member } from "./http.ts";
import type { Platform } from "./start-platform.ts";

/** The integration with the Hub, at a fake of it. */
export function hubIntegration(hub: FakeHub, more: Readonly<Record<string, unknown>> = {}) {
  return {
    name: "huggingface",
    settings: { endpoint: hub.origin, download_origins: [hub.filesOrigin], cache_seconds: 0, ...more },
  };
}

/** A platform that pulls from a fake hub, and runs what it pulled. */
export function pullingConfig(hub: FakeHub, more: Readonly<Record<string, unknown>> = {}) {
  return {
    integrations: [hubIntegration(hub), { name: "local", settings: {} }],
    pulls: { reserve_bytes: 0, ...more },
  };
}

/** Starts a pull and gives its id. */
export async function startPull(
  platform: Platform,
  body: Readonly<Record<string, unknown>>,
): Promise<string> {
  const answer = await ask(platform, "/api/v1/pulls", { body });
  expect(answer.status, answer.text).toBe(200);
  return String(member(answer.json, "id"));
}

/** Every state of a pull from now on, until it rests. */
export async function followPull(platform: Platform, id: string): Promise<readonly unknown[]> {
  const { text } = await ask(platform, `/api/v1/pulls/${id}`, { headers: { accept: "text/event-stream" } });
  return eventsOf(text);
}

/** The pull once it rests. */
export async function pullToRest(
  platform: Platform,
  body: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  return (await followPull(platform, await startPull(platform, body))).at(-1);
}

/** Resolves when so many bytes of the pull are there. */
export async function whenFetched(platform: Platform, id: string, bytes: number): Promise<void> {
  await expect
    .poll(async () => member((await ask(platform, `/api/v1/pulls/${id}`)).json, "completed_bytes"), {
      timeout: 120_000,
      interval: 20,
    })
    .toBeGreaterThanOrEqual(bytes);
}

/** Asks for what is done to a pull. */
export async function changePull(
  platform: Platform,
  id: string,
  action: "pause" | "resume" | "cancel",
): Promise<unknown> {
  const answer = await ask(platform, `/api/v1/pulls/${id}/${action}`, { method: "POST", body: {} });
  expect(answer.status, answer.text).toBe(200);
  return answer.json;
}

/** Bytes of the contents of a file that were sent more than once. */
export function bytesSentTwice(hub: FakeHub, name: string): number {
  const runs = hub.requests
    .filter(
      ({ server, method, path }) =>
        server === "files" && method === "GET" && path.includes(encodeURIComponent(name)),
    )
    .map(({ from, sentUntil }) => ({ from, sentUntil }))
    .toSorted((a, b) => a.from - b.from);
  let twice = 0;
  let reached = 0;
  for (const { from, sentUntil } of runs) {
    twice += Math.max(0, Math.min(reached, sentUntil) - from);
    reached = Math.max(reached, sentUntil);
  }
  return twice;
}
