import { type Json, PlatformError, Secret } from "@llm-platform/kit";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { AuditEntry } from "../core/audit-record.ts";
import { permissionsOf } from "../core/permissions.ts";
import { localAdmin } from "../core/principal.ts";
import { createAuditor } from "./auditor.ts";
import { defineOperation, type Operation } from "./operation.ts";

const secret = z.string().meta({ format: "secret" });

interface Bench {
  readonly entries: AuditEntry[];
  readonly made: string[];
  run(operation: Operation, input: unknown, role?: "admin" | "viewer"): Promise<unknown>;
}

function createBench(failure?: PlatformError): Bench {
  const entries: AuditEntry[] = [];
  const clock = { ms: 0 };
  const auditor = createAuditor({
    nowMs: () => clock.ms++,
    audit: {
      append: async (entry) => {
        if (failure !== undefined) throw failure;
        entries.push(entry);
      },
      appendOrKeep: async (entry) => void entries.push(entry),
    },
  });
  return {
    entries,
    made: [],
    run: (operation, input, role = "admin") =>
      operation.run(input, {
        principal: { ...localAdmin, permissions: permissionsOf(role) },
        address: "192.0.2.1",
        requestId: "req_1",
        auditor,
        signal: AbortSignal.timeout(1_000),
      }),
  };
}

function createThing(made: string[], outcome?: PlatformError): Operation {
  return defineOperation({
    name: "things.create",
    summary: "Makes a thing.",
    permission: "users.write",
    rest: { method: "POST", path: "/things" },
    audit: {
      target: ({ name }, output) => ({ type: "thing", id: output?.id ?? null, name }),
      before: () => ({ things: made.length }),
    },
    input: z.strictObject({ name: z.string(), password: secret }),
    output: z.object({ id: z.string(), key: secret, note: z.unknown() }),
    run: async ({ name }) => {
      made.push(name);
      if (outcome !== undefined) throw outcome;
      return { id: "thing_1", key: "CANARY", note: new Secret("CANARY") };
    },
  });
}

const input = { name: "a", password: "CANARY" };

describe("an operation that changes something", () => {
  it("is on record by the name of what it changes, also where the input has the id alone", async () => {
    const targets = async (facts: { before?(): Json; nameOf?(): Promise<string | undefined> }) => {
      const bench = createBench();
      const operation = defineOperation({
        name: "things.delete",
        summary: "Deletes a thing.",
        permission: "users.write",
        rest: { method: "DELETE", path: "/things/{id}" },
        audit: { target: ({ id }) => ({ type: "thing", id, name: null }), ...facts },
        input: z.strictObject({ id: z.string() }),
        output: z.object({}),
        run: async () => ({}),
      });
      await bench.run(operation, { id: "thing_1" });
      return bench.entries.map(({ target }) => target);
    };
    const target = { type: "thing", id: "thing_1" };
    const named = { ...target, name: "a" };
    const unnamed = { ...target, name: null };
    expect(await targets({ before: () => ({ name: "a" }) })).toEqual([named, named]);
    expect(await targets({ nameOf: async () => "a" })).toEqual([named, named]);
    expect(await targets({ nameOf: async () => undefined })).toEqual([unnamed, unnamed]);
    expect(await targets({ before: () => ({ name: 1 }) })).toEqual([unnamed, unnamed]);
  });

  it("is on record before and after, with what is not secret", async () => {
    const bench = createBench();
    expect(await bench.run(createThing(bench.made), input)).toMatchObject({ key: "CANARY" });
    expect(bench.entries).toMatchObject([
      {
        actor: { id: "local-admin", kind: "local" },
        address: "192.0.2.1",
        requestId: "req_1",
        operation: "things.create",
        target: { type: "thing", id: null, name: "a" },
        outcome: "started",
        before: { things: 0 },
        after: { name: "a", password: "[secret]" },
      },
      {
        target: { type: "thing", id: "thing_1", name: "a" },
        outcome: "ok",
        errorCode: null,
        before: { things: 0 },
        after: { id: "thing_1", key: "[secret]", note: "[secret]" },
      },
    ]);
    expect(JSON.stringify(bench.entries)).not.toContain("CANARY");
  });

  it("does not run when it cannot be put on record", async () => {
    const failure = new PlatformError("audit_unavailable", "No.");
    const bench = createBench(failure);
    await expect(bench.run(createThing(bench.made), input)).rejects.toBe(failure);
    expect(bench.made).toEqual([]);
    expect(bench.entries).toMatchObject([{ outcome: "failed", errorCode: "audit_unavailable" }]);
  });

  it.each([
    ["conflict", "failed"],
    ["forbidden", "refused"],
  ] as const)("that ends with %s is on record as %s", async (code, outcome) => {
    const bench = createBench();
    const error = new PlatformError(code, "It says CANARY.");
    await expect(bench.run(createThing(bench.made, error), input)).rejects.toBe(error);
    expect(bench.entries).toMatchObject([{ outcome: "started" }, { outcome, errorCode: code, after: null }]);
    expect(JSON.stringify(bench.entries)).not.toContain("CANARY");
  });

  it("is not begun with an input that does not fit", async () => {
    const bench = createBench();
    await expect(bench.run(createThing(bench.made), { name: 1 })).rejects.toMatchObject({
      code: "invalid_request",
    });
    expect(bench.entries).toEqual([]);
  });

  it("that is refused is on record as such, and of a flood only some are", async () => {
    const bench = createBench();
    for (let count = 0; count < 500; count++) {
      const refused = bench.run(createThing(bench.made), input, "viewer");
      await expect(refused).rejects.toMatchObject({ code: "forbidden" });
    }
    expect(bench.made).toEqual([]);
    expect(bench.entries[0]).toMatchObject({
      operation: "things.create",
      target: null,
      outcome: "refused",
      errorCode: "forbidden",
    });
    expect(bench.entries.length).toBeLessThan(70);
  });

  it("does not compile without saying what the audit log is told", () => {
    const facts = {
      name: "things.delete",
      summary: "Deletes a thing.",
      permission: "users.write",
      input: z.strictObject({}),
      output: z.strictObject({}),
      run: async () => ({}),
    } as const;
    // @ts-expect-error -- this is what the test is about
    const silent = defineOperation({ ...facts, rest: { method: "DELETE", path: "/things" } });
    const reading = defineOperation({ ...facts, rest: { method: "GET", path: "/things" } });
    expect([silent.name, reading.name]).toEqual(["things.delete", "things.delete"]);
  });
});

it("an operation that reads is not on record", async () => {
  const bench = createBench();
  const operation = defineOperation({
    name: "things.list",
    summary: "Lists things.",
    permission: "users.read",
    rest: { method: "POST", path: "/things/search" },
    audit: "reads",
    input: z.strictObject({}),
    output: z.strictObject({}),
    run: async () => ({}),
  });
  await bench.run(operation, {});
  expect(bench.entries).toEqual([]);
});
