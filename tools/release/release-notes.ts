/**
 * What the changelog says of a version.
 * @throws Error when it says nothing, or that the version is not released
 */
export function readReleaseNotes(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m);
  const section = sections.find((each) => each.startsWith(`${version}\n`) || each.startsWith(`${version} `));
  if (section === undefined)
    throw new Error(`CHANGELOG.md says nothing of ${version}: write what changed, under \`## ${version}\`.`);
  const [heading = "", ...lines] = section.split("\n");
  if (heading.includes("unreleased"))
    throw new Error(`CHANGELOG.md calls ${version} unreleased: put the day in its place.`);
  const text = lines.join("\n").trim();
  if (text === "") throw new Error(`CHANGELOG.md says nothing of ${version}: write what changed.`);
  return `${text}\n`;
}
