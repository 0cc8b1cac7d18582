import { expect, it } from "vitest";
import { createPasswordHasher } from "./password-hash.ts";

const hasher = createPasswordHasher();

it("a password is known again, and no other is", async () => {
  const phc = await hasher.hash("correct horse battery");
  expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(await hasher.isRight("correct horse battery", phc)).toBe(true);
  expect(await hasher.isRight("correct horse batterx", phc)).toBe(false);
  expect(await hasher.isRight("", phc)).toBe(false);
});

it("the same password has another hash each time, however its letters are composed", async () => {
  const first = await hasher.hash("pässwörd");
  expect(await hasher.hash("pässwörd")).not.toBe(first);
  expect(await hasher.isRight("pässwörd".normalize("NFD"), first)).toBe(true);
});

it("who has no password is refused in about the same time", async () => {
  const phc = await hasher.hash("something");
  const timed = async (stored: string | undefined): Promise<number> => {
    const startMs = performance.now();
    expect(await hasher.isRight("else", stored)).toBe(false);
    return performance.now() - startMs;
  };
  const known = Math.min(await timed(phc), await timed(phc), await timed(phc));
  const unknown = Math.min(await timed(undefined), await timed(undefined), await timed(undefined));
  expect(unknown).toBeGreaterThan(known / 5);
});

it("of very many at once most are refused instead of queued", async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 60 }, () => hasher.isRight("guess", undefined)),
  );
  const refused = results.filter(({ status }) => status === "rejected");
  expect(refused).toHaveLength(60 - 2 - 30);
  expect(refused[0]).toMatchObject({ reason: { code: "overloaded" } });
});
