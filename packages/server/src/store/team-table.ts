import { PlatformError } from "@llm-platform/kit";
import type { Kysely, Selectable } from "kysely";
import type { LimitValues } from "../core/limits.ts";
import type { Team } from "../core/team.ts";
import { fromLimitColumns, toLimitColumns } from "./limit-columns.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { Tables, TeamRow } from "./tables.ts";

/** What of a team can be changed. */
export interface TeamChange {
  readonly name?: string | undefined;
  readonly limits?: LimitValues | undefined;
}

export interface TeamPage {
  readonly afterId: string;
  readonly limit: number;
  /** Only these. */
  readonly ids?: readonly string[] | undefined;
}

/** Teams. Every member rejects with PlatformError `unavailable` when the database does not answer. */
export interface TeamTable {
  /** Rejects with PlatformError `conflict` when the name is taken. */
  insert(team: Team): Promise<void>;
  /** In the order of their ids, those behind `afterId`. */
  list(page: TeamPage): Promise<readonly Team[]>;
  find(id: string): Promise<Team | undefined>;
  findByName(name: string): Promise<Team | undefined>;
  /** Resolves with the team as changed; undefined when there is none. Rejects as `insert` does. */
  update(id: string, change: TeamChange): Promise<Team | undefined>;
  /** Resolves with whether there was one. Rejects with PlatformError `conflict` while it has members. */
  delete(id: string): Promise<boolean>;
}

export function createTeamTable(database: Kysely<Tables>): TeamTable {
  return {
    insert: (team) =>
      guardStorageLater(async () => {
        const { numInsertedOrUpdatedRows: inserted } = await database
          .insertInto("teams")
          .values(toRow(team))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        if (inserted !== 1n) throw nameTaken(team.name);
      }),
    list: ({ afterId, limit, ids }) =>
      guardStorageLater(async () => {
        const all = database.selectFrom("teams").selectAll().where("id", ">", afterId);
        const query = ids === undefined ? all : all.where("id", "in", ids);
        return (await query.orderBy("id").limit(limit).execute()).map(toTeam);
      }),
    find: (id) => guardStorageLater(() => findBy(database, "id", id)),
    findByName: (name) => guardStorageLater(() => findBy(database, "name", name)),
    update: (id, change) => guardStorageLater(() => update(database, id, change)),
    delete: (id) =>
      guardStorageLater(async () => {
        const { numDeletedRows } = await database
          .deleteFrom("teams")
          .where("id", "=", id)
          .where(({ not, exists, selectFrom }) =>
            not(exists(selectFrom("users").select("users.id").where("users.team_id", "=", id))),
          )
          .executeTakeFirstOrThrow();
        if (numDeletedRows > 0n) return true;
        if ((await findBy(database, "id", id)) === undefined) return false;
        throw new PlatformError(
          "conflict",
          `The team ${id} has members. Move them to another team, or to none, first.`,
        );
      }),
  };
}

async function update(
  database: Kysely<Tables>,
  id: string,
  { name, limits }: TeamChange,
): Promise<Team | undefined> {
  const change = {
    ...(name === undefined ? {} : { name }),
    ...(limits === undefined ? {} : toLimitColumns(limits)),
  };
  if (Object.keys(change).length === 0) return findBy(database, "id", id);
  const all = database.updateTable("teams").set(change).where("id", "=", id);
  const query =
    name === undefined
      ? all
      : all.where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom("teams as other")
                .select("other.id")
                .where("other.name", "=", name)
                .where("other.id", "!=", id),
            ),
          ),
        );
  const row = await query.returningAll().executeTakeFirst();
  if (row !== undefined) return toTeam(row);
  if (name !== undefined && (await findBy(database, "id", id)) !== undefined) throw nameTaken(name);
  return undefined;
}

async function findBy(
  database: Kysely<Tables>,
  column: "id" | "name",
  value: string,
): Promise<Team | undefined> {
  const row = await database.selectFrom("teams").selectAll().where(column, "=", value).executeTakeFirst();
  return row === undefined ? undefined : toTeam(row);
}

function nameTaken(name: string): PlatformError {
  return new PlatformError("conflict", `There is a team with the name ${name}.`, { field: "name" });
}

function toRow({ id, name, limits, createdAtMs }: Team): TeamRow {
  return { id, name, ...toLimitColumns(limits), created_at_ms: createdAtMs };
}

function toTeam(row: Selectable<TeamRow>): Team {
  return { id: row.id, name: row.name, limits: fromLimitColumns(row), createdAtMs: row.created_at_ms };
}
