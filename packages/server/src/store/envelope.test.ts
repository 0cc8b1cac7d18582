import { createCipheriv, createHash, createHmac, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyIdOf, openEnvelope, type SealedPlace, sealText } from "./envelope.ts";
import { createMasterKey, MasterKey } from "./master-key.ts";

const place: SealedPlace = {
  table: "secrets",
  field: "envelope",
  purpose: "integration_config",
  name: "office-vllm",
};

function open(envelope: string, key: MasterKey, at = place): string {
  return openEnvelope(envelope, { findKey: (id) => (id === key.id ? key : undefined), place: at });
}

function sealAt(key: MasterKey, text: string, at = place): string {
  return sealText(text, { key, place: at, nonce: randomBytes(12) });
}

/** HKDF as RFC 5869 writes it, for one block of output and no salt. */
function hkdf(key: Uint8Array, info: string): Buffer {
  const extracted = createHmac("sha256", Buffer.alloc(32)).update(key).digest();
  return createHmac("sha256", extracted)
    .update(Buffer.concat([Buffer.from(info), Buffer.from([1])]))
    .digest();
}

describe("an envelope", () => {
  const bytes = Buffer.from("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "hex");
  const nonce = Buffer.from("cafebabefacedbaddecaf888", "hex");

  it("is what its description says, put together by hand", () => {
    const id = createHash("sha256").update(hkdf(bytes, "llmp1 key id")).digest("hex").slice(0, 8);
    const cipher = createCipheriv(
      "aes-256-gcm",
      hkdf(bytes, 'llmp1 seal ["integration_config","secrets"]'),
      nonce,
    );
    cipher.setAAD(Buffer.from(`["llmp1","${id}","secrets","integration_config","office-vllm","envelope"]`));
    const body = Buffer.concat([nonce, cipher.update("sk-geheim ü"), cipher.final(), cipher.getAuthTag()]);
    const key = new MasterKey(bytes);
    expect(key.id).toBe(id);
    const sealed = sealText("sk-geheim ü", { key, place, nonce });
    expect(sealed).toBe(`llmp1.${id}.${body.toString("base64url")}`);
    expect(open(sealed, key)).toBe("sk-geheim ü");
  });

  it("stays readable by later versions", () => {
    const key = new MasterKey(bytes);
    expect(sealText("kept", { key, place, nonce })).toMatchInlineSnapshot(
      `"llmp1.5764a147.yv66vvrO263eyviIvFDzl3kTEKc9sb-2X6ffRxPxhC4"`,
    );
  });

  it("opens to what was sealed, whatever that is", () => {
    const key = createMasterKey();
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(open(sealAt(key, text), key)).toBe(text);
      }),
    );
  });

  it("is another one each time", () => {
    const key = createMasterKey();
    expect(sealAt(key, "same")).not.toBe(sealAt(key, "same"));
  });

  it("does not open when any bit of it is flipped", () => {
    const key = createMasterKey();
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const sealed = Buffer.from(sealAt(key, text), "latin1");
        for (let bit = 0; bit < sealed.length * 8; bit++) {
          const altered = Buffer.from(sealed);
          altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
          expect(() => open(altered.toString("latin1"), key), `bit ${bit}`).toThrow(
            expect.objectContaining({ code: expect.stringMatching(/^(unavailable|sealed)$/) }),
          );
        }
      }),
      { numRuns: 5 },
    );
  });

  it("does not open when its bytes are cut, stretched, or written in another way", () => {
    const key = createMasterKey();
    const sealed = sealAt(key, "a text");
    for (let length = 0; length < sealed.length; length++)
      expect(() => open(sealed.slice(0, length), key)).toThrow(
        expect.objectContaining({ code: "unavailable" }),
      );
    for (const other of [`${sealed}A`, `${sealed}=`, ` ${sealed}`, `${sealed}\n`, sealed.toUpperCase()])
      expect(() => open(other, key)).toThrow(expect.objectContaining({ code: "unavailable" }));
  });

  it("does not open at any other place", () => {
    const key = createMasterKey();
    const sealed = sealAt(key, "a text");
    const part = fc.string({ maxLength: 20 });
    fc.assert(
      fc.property(fc.record({ table: part, field: part, purpose: part, name: part }), (other) => {
        expect(() => open(sealed, key, other)).toThrow(expect.objectContaining({ code: "unavailable" }));
      }),
    );
    for (const one of ["table", "field", "purpose", "name"])
      expect(() => open(sealed, key, { ...place, [one]: "x" })).toThrow(/altered, or belongs elsewhere/);
    const shifted = { ...place, purpose: 'a","b', name: "c" };
    const other = { ...place, purpose: "a", name: 'b","c' };
    expect(() => open(sealAt(key, "a", shifted), key, other)).toThrow();
  });

  it("does not open with another key, and names the one that it needs", () => {
    const key = createMasterKey();
    const other = createMasterKey();
    const sealed = sealAt(key, "a text");
    expect(keyIdOf(sealed)).toBe(key.id);
    expect(() => open(sealed, other)).toThrow(
      expect.objectContaining({ code: "sealed", message: expect.stringContaining(key.id) }),
    );
    // Also one that goes by the same id.
    expect(() => openEnvelope(sealed, { findKey: () => other, place })).toThrow(
      expect.objectContaining({ code: "unavailable" }),
    );
  });
});

describe("a master key", () => {
  it("derives keys that have nothing in common, and shows itself nowhere", () => {
    const key = createMasterKey();
    const derived = ["a", "b", "llmp1 key id"].map((info) => Buffer.from(key.derive(info)).toString("hex"));
    expect(new Set(derived).size).toBe(3);
    const shown = inspect(key, { depth: 9, showHidden: true }) + JSON.stringify(key) + String(key);
    for (const encoding of ["hex", "base64"] as const)
      expect(shown).not.toContain(Buffer.from(key.format(), "base64").toString(encoding));
  });
});
