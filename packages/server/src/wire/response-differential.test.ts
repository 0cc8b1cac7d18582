import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refusedReplies } from "./response-differential.test-data.ts";
import { readsAsNodeDoes } from "./test-reply-property.ts";
import { createReplyReaders, type ReplyReaders } from "./test-reply-readers.ts";

let readers: ReplyReaders;

beforeAll(async () => {
  readers = await createReplyReaders();
});

afterAll(() => readers.stop());

/** How many replies are made up. The long form: RESPONSE_FUZZ_RUNS=1000000, about twenty minutes. */
const runs = Number(process.env["RESPONSE_FUZZ_RUNS"] ?? 1_000);

describe("the reader of replies beside node:http's", () => {
  it.each(refusedReplies)("refuses %s", async (_what, text) => {
    expect(await readers.readByPool([Buffer.from(text, "latin1")])).toEqual({ is: "malformed" });
  });

  it("never takes a reply for whole that node:http reads in another way, and reads it alike however it is cut", async () => {
    await fc.assert(readsAsNodeDoes(readers), { numRuns: runs });
  }, 600_000);
});
