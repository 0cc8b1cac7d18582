import fc from "fast-check";
import { expect, test } from "vitest";
import {
  archiveBytes,
  blockBytes,
  encodeHeader,
  paddingOf,
  readName,
  readSize,
  splitName,
} from "./archive-header.ts";

test("a header is one block whose name, size and checksum are where tar has them", () => {
  const block = encodeHeader({ name: "platform.db", bytes: 1_000 });
  expect(block).toHaveLength(blockBytes);
  expect(block.toString("latin1", 0, 12)).toBe("platform.db\0");
  expect(block.toString("latin1", 124, 136)).toBe("00000001750\0");
  expect(block.toString("latin1", 257, 265)).toBe("ustar\u000000");
  const told = Number.parseInt(block.toString("latin1", 148, 154), 8);
  expect(block.fill(" ", 148, 156).reduce((sum, byte) => sum + byte, 0)).toBe(told);
});

test("what a header says is read back, also sizes beyond 8 GiB and names that need cutting", () => {
  const segment = fc.stringMatching(/^[a-z0-9]{1,60}$/);
  const names = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  fc.assert(
    fc.property(names, fc.maxSafeNat(), (name, bytes) => {
      fc.pre(splitName(name) !== undefined);
      const block = encodeHeader({ name, bytes });
      expect(readSize(block)).toBe(bytes);
      expect(readName(block)).toBe(name);
    }),
  );
});

test.each([
  ["a".repeat(100), true],
  ["a".repeat(101), false],
  [`${"a".repeat(155)}/${"b".repeat(100)}`, true],
  [`${"a".repeat(156)}/${"b".repeat(100)}`, false],
  [`a/${"b".repeat(101)}`, false],
  [`${"ä".repeat(50)}`, true],
  [`${"ä".repeat(51)}`, false],
])("the name %s fits: %s", (name, fits) => {
  expect(splitName(name) !== undefined).toBe(fits);
  if (!fits) expect(() => encodeHeader({ name, bytes: 0 })).toThrow(RangeError);
});

test("an archive is as long as its blocks, and two of zeros", () => {
  expect([0, 1, 511, 512, 513].map(paddingOf)).toEqual([0, 511, 1, 0, 511]);
  expect(archiveBytes([])).toBe(1_024);
  expect(archiveBytes([{ name: "a", bytes: 513 }])).toBe(1_024 + 512 + 1_024);
});
