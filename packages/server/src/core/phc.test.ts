import { expect, it } from "vitest";
import { formatPhc, parsePhc } from "./phc.ts";

const text =
  "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

it("a PHC string is read as it was written", () => {
  const read = parsePhc(text);
  expect(read).toMatchObject({ memoryKiB: 19_456, passes: 2, lanes: 1 });
  expect(read?.salt).toHaveLength(16);
  expect(read?.hash).toHaveLength(32);
  expect(read === undefined ? "" : formatPhc(read)).toBe(text);
});

it.each([
  "",
  "secret",
  text.replace("argon2id", "argon2i"),
  text.replace("v=19", "v=16"),
  text.replace("m=19456", "m=99999999"),
  `${text}$more`,
])("%j is none", (other) => {
  expect(parsePhc(other)).toBeUndefined();
});
