import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { corpus } from "./corpus.ts";
import { compareLanes, type LanePair } from "./request-compare.ts";
import { exchange } from "./request-exchange.ts";
import { createRequestLane } from "./request-lane.ts";

let lanes: LanePair;

beforeAll(async () => {
  lanes = { fast: await createRequestLane(true), node: await createRequestLane(false) };
});

afterAll(async () => {
  await Promise.all([lanes.fast.stop(), lanes.node.stop()]);
});

const turnsBetween = 10;
const quietTurns = 50;

describe("a message whose framing is disputed", () => {
  it.each(corpus.map((each) => [each.name, each] as const))("%s", async (_name, each) => {
    const stream = {
      segments: each.segments.map((segment) => Buffer.from(segment, "latin1")),
      waits: each.segments.map(() => turnsBetween),
    };
    const outcome = await exchange(lanes.fast, stream, { quietTurns });
    expect({
      requests: outcome.requests.map(({ method, target, body }) => `${method} ${target} ${body}`),
      status: outcome.statuses.at(-1),
      isOpen: outcome.isOpen,
    }).toEqual({ requests: each.requests, status: each.status, isOpen: each.isOpen });
    expect(await compareLanes(lanes, stream)).toBeUndefined();
  });
});
