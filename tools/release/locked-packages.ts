import { readFileSync } from "node:fs";
import { z } from "zod";

/** A package of others that is part of what is shipped. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** As SPDX writes it; undefined where the package does not say. */
  readonly license: string | undefined;
  /** SHA-512 of its archive, in hexadecimal; undefined where the lock has another one. */
  readonly sha512: string | undefined;
  /** Whether a machine may do without it, as with binaries for another one. */
  readonly isOptional: boolean;
}

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      /** Of one that stands under another's name. */
      name: z.string().optional(),
      version: z.string().optional(),
      license: z.string().optional(),
      integrity: z.string().optional(),
      dev: z.boolean().optional(),
      link: z.boolean().optional(),
      optional: z.boolean().optional(),
    }),
  ),
});

/** The packages that `npm ci --omit dev` installs, by name and version, our own left out. */
export function readLockedPackages(path: string): readonly LockedPackage[] {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  const found = new Map<string, LockedPackage>();
  for (const [place, locked] of Object.entries(packages)) {
    const { version, license, integrity, dev, link, optional } = locked;
    const name = locked.name ?? /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(place)?.[1];
    if (
      !place.includes("node_modules/") ||
      name === undefined ||
      version === undefined ||
      dev === true ||
      link === true
    )
      continue;
    const [, base64] = /^sha512-(\S+)/.exec(integrity ?? "") ?? [];
    const sha512 = base64 === undefined ? undefined : Buffer.from(base64, "base64").toString("hex");
    found.set(`${name}@${version}`, { name, version, license, sha512, isOptional: optional === true });
  }
  return [...found.values()].toSorted((a, b) =>
    `${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1,
  );
}
