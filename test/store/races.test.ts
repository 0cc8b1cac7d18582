import { expect, it } from "vitest";
import { noPolicy } from "../../packages/server/src/core/key-policy.ts";
import { noLimits } from "../../packages/server/src/core/limits.ts";
import type { Store } from "../../packages/server/src/store/store.ts";
import { describeStore } from "./contract.ts";

/** How one noun is made and renamed, where it can be. */
interface Noun {
  make(store: Store, id: string, name: string): Promise<unknown>;
  rename?(store: Store, id: string, name: string): Promise<unknown>;
}

const createdAtMs = 1_800_000_000_000;

const nouns: Readonly<Record<string, Noun>> = {
  key: {
    make: ({ identity }, id, name) =>
      identity.apiKeys.insert(
        {
          id,
          name,
          ownerId: null,
          scopes: ["inference.call"],
          prefix: "llmp_first",
          limits: noLimits,
          policy: noPolicy,
          createdAtMs,
          createdBy: "root",
          expiresAtMs: null,
          previousExpiresAtMs: null,
          lastUsedAtMs: null,
          revokedAtMs: null,
        },
        { sha256: id.padEnd(64, "x"), prefix: "llmp_first" },
      ),
    rename: ({ identity }, id, name) => identity.apiKeys.update(id, { name }),
  },
  user: {
    make: ({ identity }, id, name) =>
      identity.users.insert({
        id,
        name,
        kind: "person",
        email: null,
        role: "developer",
        teamId: null,
        isActive: true,
        limits: noLimits,
        createdAtMs,
      }),
  },
  team: {
    make: ({ identity }, id, name) => identity.teams.insert({ id, name, limits: noLimits, createdAtMs }),
    rename: ({ identity }, id, name) => identity.teams.update(id, { name }),
  },
  role: {
    make: ({ identity }, _id, name) =>
      identity.roles.insert({ name, description: "", permissions: ["usage.read"], createdAtMs }),
  },
  budget: {
    make: ({ budgets }, id, name) =>
      budgets.insert({
        id,
        name,
        scope: "global",
        subject: "",
        period: "month",
        amountMicros: 1,
        currency: "USD",
        warnAtPercents: [],
        action: "warn",
        createdAtMs,
      }),
    rename: ({ budgets }, id, name) => budgets.update(id, { name }),
  },
};

const rounds = 20;
const taken = { status: "rejected", reason: { code: "conflict", field: "name" } };

describeStore("two that take the same name at once", (test) => {
  /** Two replicas where there can be two, else one server that is asked twice. */
  async function openTwo(): Promise<readonly [Store, Store]> {
    const one = await test.place.open();
    return [one, one.isShared ? await test.place.open({}, "other") : one];
  }

  async function expectOne(tries: readonly Promise<unknown>[]): Promise<void> {
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject(taken);
  }

  it.each(Object.entries(nouns))("make one %s, and the other is told why not", async (_name, { make }) => {
    const [one, other] = await openTwo();
    for (let round = 0; round < rounds; round++)
      await expectOne([make(one, `a${round}`, `name-${round}`), make(other, `b${round}`, `name-${round}`)]);
  });

  it.each(Object.entries(nouns).filter(([, { rename }]) => rename !== undefined))(
    "give it to one %s, and the other is told why not",
    async (_name, { make, rename }) => {
      const [one, other] = await openTwo();
      for (let round = 0; round < rounds; round++) {
        const [first, second] = [`a${round}`, `b${round}`];
        await make(one, first, first);
        await make(one, second, second);
        await expectOne(
          [rename?.(one, first, `n-${round}`), rename?.(other, second, `n-${round}`)].map(
            async (each) => each,
          ),
        );
      }
    },
  );
});
