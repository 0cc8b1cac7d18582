import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { findLicenseProblems } from "./release/licenses.ts";
import { readLockedPackages } from "./release/locked-packages.ts";
import { readReleaseNotes } from "./release/release-notes.ts";
import { toSbom } from "./release/sbom.ts";

/** What a release brings beside the code: `node tools/release.ts licenses|sbom|notes|version`. It prints to standard output. */
const { positionals } = parseArgs({ allowPositionals: true });
const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync("package.json", "utf8")));

switch (positionals[0]) {
  case "licenses": {
    const packages = readLockedPackages("package-lock.json");
    const problems = findLicenseProblems(packages);
    for (const problem of problems) console.log(problem);
    console.log(`${packages.length} packages, ${problems.length} whose licence does not fit`);
    process.exitCode = problems.length === 0 ? 0 : 1;
    break;
  }
  case "sbom": {
    const subject = { name: "llm-platform", version, time: new Date().toISOString() };
    console.log(JSON.stringify(toSbom(subject, readLockedPackages("package-lock.json")), null, 2));
    break;
  }
  case "notes":
    process.stdout.write(readReleaseNotes(readFileSync("CHANGELOG.md", "utf8"), version));
    break;
  case "version": {
    // A tag of another version would ship a package under a wrong name.
    const tag = process.env["GITHUB_REF_NAME"] ?? `v${version}`;
    if (tag !== `v${version}`) throw new Error(`the tag ${tag} is not v${version}, which package.json says`);
    console.log(version);
    break;
  }
  default:
    throw new Error("say licenses, sbom, notes or version");
}
