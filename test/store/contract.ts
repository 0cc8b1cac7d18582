import { afterAll, afterEach, beforeAll, beforeEach, describe } from "vitest";
import { createPostgresEngine, sqlite, type StoreEngine, type StorePlace } from "./engines.ts";

/** What a test of the contract is told. */
export interface ContractTest {
  readonly engine: StoreEngine["name"];
  /** A new one for each test. */
  readonly place: StorePlace;
}

/** Describes what the store does, whatever it keeps its state in: every test runs on each database. */
export function describeStore(title: string, define: (test: ContractTest) => void): void {
  for (const engine of [sqlite, createPostgresEngine()])
    describe.skipIf(engine.isMissing)(`${title}, in ${engine.name},`, () => {
      let place: StorePlace | undefined;
      beforeAll(() => engine.begin());
      beforeEach(async () => {
        place = await engine.createPlace();
      });
      afterEach(() => place?.remove());
      afterAll(() => engine.end());
      define({
        engine: engine.name,
        get place() {
          if (place === undefined) throw new Error("a place is there in a test only");
          return place;
        },
      });
    });
}
