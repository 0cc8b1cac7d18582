import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import { findLicenseProblems, isAllowed } from "./licenses.ts";
import { readLockedPackages } from "./locked-packages.ts";
import { readReleaseNotes } from "./release-notes.ts";
import { toSbom } from "./sbom.ts";

const packages = readLockedPackages(fileURLToPath(new URL("../../package-lock.json", import.meta.url)));
const billSchema = z.looseObject({
  components: z.array(
    z.looseObject({ purl: z.string(), hashes: z.array(z.looseObject({ content: z.string() })).optional() }),
  ),
});
const sample = { name: "@a/b", version: "1.0.0", license: "MIT", sha512: "00", isOptional: false };

test("every package that is shipped has a licence that fits", () => {
  expect(packages.length).toBeGreaterThan(100);
  expect(findLicenseProblems(packages)).toEqual([]);
});

test.for([
  ["MIT", true],
  ["(MIT OR GPL-3.0-only)", true],
  ["Apache-2.0 AND MIT", true],
  ["MIT AND GPL-3.0-only", false],
  ["AGPL-3.0-or-later", false],
  ["UNLICENSED", false],
] as const)("a licence %s fits: %s", ([license, fits]) => {
  expect(isAllowed(license)).toBe(fits);
});

test("a package under a licence that does not fit, or under none, is named", () => {
  expect(findLicenseProblems([{ ...sample, license: "AGPL-3.0-only" }])).toEqual([
    expect.stringContaining("@a/b@1.0.0 is under AGPL-3.0-only"),
  ]);
  expect(findLicenseProblems([{ ...sample, license: undefined }])).toEqual([
    expect.stringContaining("says no licence"),
  ]);
});

test("the bill of materials names what is shipped once, with its hash, and nothing that is for development", () => {
  const subject = { name: "x", version: "1.0.0", time: "2030-01-01T00:00:00Z" };
  const { components } = billSchema.parse(toSbom(subject, packages));
  const names = components.map(({ purl }) => purl);
  expect(new Set(names).size).toBe(names.length);
  for (const name of ["fastify", "zod", "pg", "ioredis"])
    expect(names.filter((each) => each.startsWith(`pkg:npm/${name}@`))).toHaveLength(1);
  for (const name of ["vitest", "oxlint"])
    expect(names.some((each) => each.startsWith(`pkg:npm/${name}@`))).toBe(false);
  expect(components.find(({ purl }) => purl.startsWith("pkg:npm/fastify@"))?.hashes?.[0]?.content).toMatch(
    /^[0-9a-f]{128}$/,
  );
  expect(billSchema.parse(toSbom(subject, [sample])).components[0]?.purl).toBe("pkg:npm/%40a/b@1.0.0");
});

test("the notes of a release are what the changelog says of it", () => {
  const changelog =
    "# Changelog\n\n## 1.1.0 (unreleased)\n\n- new\n\n## 1.0.0 (2030-01-01)\n\n- first\n- second\n";
  expect(readReleaseNotes(changelog, "1.0.0")).toBe("- first\n- second\n");
  expect(() => readReleaseNotes(changelog, "1.1.0")).toThrow("unreleased");
  expect(() => readReleaseNotes(changelog, "2.0.0")).toThrow("says nothing of 2.0.0");
});
