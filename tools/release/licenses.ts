import type { LockedPackage } from "./locked-packages.ts";

/** What may be shipped with software under the MIT licence without a condition that its users would have to meet. */
const allowed = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "Python-2.0",
  "Unlicense",
]);

/** Packages that do not say it in the lock, looked up by hand, by the beginning of their names. */
const lookedUp: readonly (readonly [beginning: string, license: string])[] = [
  // Binaries of node-llama-cpp, from the same repository and under its licence.
  ["@node-llama-cpp/", "MIT"],
  // What the lock has in the place of binaries that are left out; it holds no code.
  ["empty-npm-package", "MIT"],
];

/** One line for each package whose licence does not fit, with what to do. */
export function findLicenseProblems(packages: readonly LockedPackage[]): readonly string[] {
  return packages.flatMap(({ name, version, license }) => {
    const told = license ?? lookedUp.find(([beginning]) => name.startsWith(beginning))?.[1];
    if (told === undefined)
      return [`${name}@${version} says no licence: look it up, and add it to tools/release/licenses.ts`];
    return isAllowed(told)
      ? []
      : [
          `${name}@${version} is under ${told}, which is not allowed: do without it, or decide in docs/decisions`,
        ];
  });
}

/** Of alternatives one must fit, of what holds together all. */
export function isAllowed(expression: string): boolean {
  const text = expression.replaceAll(/[()]/g, "");
  return text
    .split(" OR ")
    .some((alternative) => alternative.split(" AND ").every((each) => allowed.has(each.trim())));
}
