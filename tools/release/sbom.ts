import type { LockedPackage } from "./locked-packages.ts";

/** Of what, and when, a bill of materials is. */
export interface SbomSubject {
  readonly name: string;
  readonly version: string;
  /** ISO 8601. */
  readonly time: string;
}

/** A bill of materials in CycloneDX 1.6: what is shipped beside our own code. */
export function toSbom(subject: SbomSubject, packages: readonly LockedPackage[]): object {
  const root = { type: "application", name: subject.name, version: subject.version };
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { timestamp: subject.time, component: { ...root, "bom-ref": `${root.name}@${root.version}` } },
    components: packages.map(({ name, version, license, sha512, isOptional }) => ({
      type: "library",
      ...toParts(name),
      version,
      "bom-ref": `${name}@${version}`,
      purl: toPackageUrl(name, version),
      scope: isOptional ? "optional" : "required",
      ...(license === undefined ? {} : { licenses: [toLicense(license)] }),
      ...(sha512 === undefined ? {} : { hashes: [{ alg: "SHA-512", content: sha512 }] }),
    })),
  };
}

function toParts(name: string): { readonly group?: string; readonly name: string } {
  const [, group, rest = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? [];
  return group === undefined ? { name } : { group, name: rest };
}

function toPackageUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

/** Several are an expression, one is an id. */
function toLicense(license: string): object {
  return / (?:OR|AND) /.test(license) ? { expression: license } : { license: { id: license } };
}
