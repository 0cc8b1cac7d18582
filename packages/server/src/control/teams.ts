import { randomUUID } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { Team } from "../core/team.ts";
import type { Identity } from "../store/identity.ts";
import { idList } from "./id-list.ts";
import { keyName } from "./key-fields.ts";
import {
  limitChange,
  limitInput,
  limitOutput,
  limitsAfter,
  toLimitFields,
  toLimitValues,
} from "./limit-fields.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { showAs } from "./shown.ts";

const teamSchema = z.object({ id: z.string(), name: z.string(), ...limitOutput, created_at: z.string() });
const teamId = z.strictObject({ id: z.string().min(1).max(64) });

/** Operations on teams. Whose member a user is, is a matter of users. */
export function teamOperations(identity: Identity): readonly Operation[] {
  return [...readingOperations(identity), createOperation(identity), ...changingOperations(identity)];
}

function readingOperations(identity: Identity): readonly Operation[] {
  return [
    defineOperation({
      name: "teams.list",
      summary: "Teams. Members of one are in `users.list`.",
      permission: "teams.read",
      rest: { method: "GET", path: "/api/v1/teams" },
      input: z.strictObject({
        ids: idList("Only teams with these ids.").optional(),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        cursor: z.string().max(64).default("").describe("next_cursor of the page before."),
      }),
      output: z.object({ teams: z.array(teamSchema).readonly(), next_cursor: z.string().nullable() }),
      run: async ({ ids, limit, cursor }) => {
        const page = await identity.teams.list({ afterId: cursor, limit, ids });
        return {
          teams: page.map(toRow),
          next_cursor: page.length < limit ? null : (page.at(-1)?.id ?? null),
        };
      },
    }),
    defineOperation({
      name: "teams.get",
      summary: "One team.",
      permission: "teams.read",
      rest: { method: "GET", path: "/api/v1/teams/{id}" },
      input: teamId,
      output: teamSchema,
      run: async ({ id }) => toRow(requireTeam(await identity.teams.find(id), id)),
    }),
  ];
}

function createOperation(identity: Identity): Operation {
  return defineOperation({
    name: "teams.create",
    summary: "Makes a team, whose members share its limits.",
    permission: "teams.write",
    rest: { method: "POST", path: "/api/v1/teams" },
    audit: { target: ({ name }, team) => ({ type: "team", id: team?.id ?? null, name }) },
    input: z.strictObject({ name: keyName, ...limitInput(undefined) }),
    output: teamSchema,
    run: async ({ name, ...limits }) => {
      const team = {
        id: `team_${randomUUID()}`,
        name,
        limits: toLimitValues(limits),
        createdAtMs: Date.now(),
      };
      await identity.teams.insert(team);
      return toRow(team);
    },
  });
}

function changingOperations(identity: Identity): readonly Operation[] {
  const before = async ({ id }: { readonly id: string }) =>
    showAs(teamSchema, toRow(requireTeam(await identity.teams.find(id), id)));
  return [
    defineOperation({
      name: "teams.update",
      summary: "Changes a team. New limits bite with the next call of a member, and keep what is used.",
      permission: "teams.write",
      rest: { method: "PATCH", path: "/api/v1/teams/{id}" },
      audit: { target: toTarget, before },
      input: teamId.extend({ name: keyName.optional(), ...limitChange }),
      output: teamSchema,
      run: async ({ id, name, ...fields }) => {
        const { limits } = requireTeam(await identity.teams.find(id), id);
        const changed = await identity.teams.update(id, { name, limits: limitsAfter(limits, fields) });
        return toRow(requireTeam(changed, id));
      },
    }),
    defineOperation({
      name: "teams.delete",
      summary: "Deletes a team that has no members.",
      permission: "teams.write",
      rest: { method: "DELETE", path: "/api/v1/teams/{id}" },
      audit: { target: toTarget, before, after: () => null },
      input: teamId,
      output: teamSchema,
      run: async ({ id }) => {
        const team = requireTeam(await identity.teams.find(id), id);
        await identity.teams.delete(id);
        return toRow(team);
      },
    }),
  ];
}

function toTarget(
  { id }: { readonly id: string },
  team?: { readonly name: string },
): { readonly type: string; readonly id: string; readonly name: string | null } {
  return { type: "team", id, name: team?.name ?? null };
}

function requireTeam(team: Team | undefined, id: string): Team {
  if (team !== undefined) return team;
  throw new PlatformError("not_found", `There is no team with the id ${id}.`);
}

function toRow({ id, name, limits, createdAtMs }: Team): z.output<typeof teamSchema> {
  return { id, name, ...toLimitFields(limits), created_at: new Date(createdAtMs).toISOString() };
}
