import { beforeEach, expect, it } from "vitest";
import { createSetup, type Setup } from "./setup.ts";

const clock = { nowMs: 0 };
const known = { isSetUp: false };
let setup: Setup;

beforeEach(() => {
  clock.nowMs = 0;
  known.isSetUp = false;
  setup = createSetup({ isSetUp: () => known.isSetUp, nowMs: () => clock.nowMs });
});

const make = async () => {
  known.isSetUp = true;
  return "made";
};
const wrong = { code: "unauthenticated", field: "token" };

it("who has the token claims the server, once", async () => {
  const token = setup.open() ?? "";
  expect(token).toMatch(/^llmps_[\w-]{43}$/);
  await expect(setup.claim(`${token}x`, make)).rejects.toMatchObject(wrong);
  await expect(setup.claim("", make)).rejects.toMatchObject(wrong);
  expect(await setup.claim(token, make)).toBe("made");
  await expect(setup.claim(token, make)).rejects.toMatchObject({ code: "conflict" });
});

it("of many claims at once exactly one wins", async () => {
  const token = setup.open() ?? "";
  const slow = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return make();
  };
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => setup.claim(token, slow)));
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

it("a claim that fails leaves the token good", async () => {
  const token = setup.open() ?? "";
  const failing = setup.claim(token, () => Promise.reject(new Error("full")));
  await expect(failing).rejects.toThrow("full");
  expect(await setup.claim(token, make)).toBe("made");
});

it("a token is good for a quarter of an hour, and until the next one", async () => {
  const first = setup.open() ?? "";
  const second = setup.open() ?? "";
  await expect(setup.claim(first, make)).rejects.toMatchObject(wrong);
  clock.nowMs = 15 * 60_000;
  await expect(setup.claim(second, make)).rejects.toMatchObject(wrong);
});

it("there is none for a server that is set up", async () => {
  known.isSetUp = true;
  expect(setup.open()).toBeUndefined();
  await expect(setup.claim("", make)).rejects.toMatchObject({ code: "conflict" });
});
