import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMasterKey } from "./master-key-text.ts";

const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7));

describe("a master key as text", () => {
  it.each([
    ["hexadecimal", bytes.toString("hex")],
    ["hexadecimal in capitals", bytes.toString("hex").toUpperCase()],
    ["base64", bytes.toString("base64")],
    ["base64 for URLs", bytes.toString("base64url")],
    ["a line", ` ${bytes.toString("base64")}\n`],
  ])("is read from %s", (_name, text) => {
    expect(parseMasterKey(text)).toEqual(bytes);
  });

  it.each([
    ["nothing", ""],
    ["a password", "correct horse battery staple"],
    ["31 bytes", bytes.subarray(1).toString("base64")],
    ["33 bytes", Buffer.concat([bytes, bytes.subarray(0, 1)]).toString("base64")],
    ["63 digits", bytes.toString("hex").slice(1)],
    ["bits that no base64 has", `${bytes.toString("base64").slice(0, -2)}z=`],
    ["two keys", `${bytes.toString("hex")} ${bytes.toString("hex")}`],
  ])("is not read from %s", (_name, text) => {
    expect(parseMasterKey(text)).toBeUndefined();
  });

  it("is read from whatever a key is written as, and never from another length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.constantFrom("hex", "base64"), (raw, encoding) => {
        const read = parseMasterKey(Buffer.from(raw).toString(encoding));
        if (raw.length === 32) expect(read).toEqual(Buffer.from(raw));
        else if (raw.length !== 48 && raw.length !== 64) expect(read).toBeUndefined();
      }),
    );
  });
});
