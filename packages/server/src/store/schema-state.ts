import { PlatformError } from "@llm-platform/kit";

/** How the schema of a database stands to the changes that this version knows. */
export interface SchemaState {
  /** Changes that this version would make, in their order. */
  readonly pending: readonly string[];
  /** Changes that a newer version made. */
  readonly newer: readonly string[];
}

/**
 * @param applied names of the changes that were made
 * @param floor the change that a version must know to work on the database; undefined where none is noted
 * @param known names of all changes that this version knows
 * @throws PlatformError `conflict` where this version cannot work on the database, now or after a migration
 */
export function readSchemaState({
  applied,
  floor,
  known,
}: {
  readonly applied: readonly string[];
  readonly floor: string | undefined;
  readonly known: readonly string[];
}): SchemaState {
  const pending = known.filter((name) => !applied.includes(name));
  const newer = newerChanges(applied, known);
  const last = applied.toSorted().at(-1) ?? "";
  if (newer.length > 0 && (pending.length > 0 || floor === undefined || !known.includes(floor)))
    throw new PlatformError(
      "conflict",
      `The database was written by a newer version of llm-platform (it has the change ${newer.join(", ")}), and this one cannot work on it. Install that version again, or restore a backup made by this one.`,
    );
  const late = pending.filter((name) => name < last);
  if (late.length > 0)
    throw new PlatformError(
      "conflict",
      `The database has the change ${last} and not ${late.join(", ")}, which comes before it: no version makes such a one. Restore a backup.`,
    );
  return { pending, newer };
}

/** Changes that a newer version made, of those that were applied. */
export function newerChanges(applied: readonly string[], known: readonly string[]): readonly string[] {
  return applied.filter((name) => !known.includes(name));
}
