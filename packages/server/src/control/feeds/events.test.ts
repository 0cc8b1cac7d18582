import { createRecordedLog } from "@llm-platform/kit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Feed } from "../feed.ts";
import { EventTail } from "./event-tail.ts";
import { createEventsFeed } from "./events.ts";
import { Follower, openTestEvents, type TestEvents, testContext } from "./feeds.test-data.ts";

let events: TestEvents;
let feed: Feed;

beforeEach(async () => {
  events = await openTestEvents(500);
  const { reader } = events;
  feed = createEventsFeed({ reader, tail: new EventTail({ reader, log: createRecordedLog().log }) });
});
afterEach(() => events.close());

describe("the feed of events", () => {
  it("tells what is kept, then what comes, with ids that name the log", async () => {
    await events.append("a");
    const follower = new Follower(feed, { after_id: "0" });
    expect(await follower.next()).toMatchObject({
      type: "a",
      id: "here-1",
      data: { id: 1, integration: "one" },
    });
    const next = follower.next();
    await events.append("b");
    expect(await next).toMatchObject({ type: "b", id: "here-2" });
    await follower.leave();
  });

  it("goes on after an id and misses nothing, however far behind", async () => {
    for (let each = 0; each < 450; each++) await events.append(`e${each}`);
    const follower = new Follower(feed, { after_id: "here-10" });
    const items = await follower.take(440);
    expect(items.map((item) => item?.data["id"])).toEqual(Array.from({ length: 440 }, (_, at) => at + 11));
    await follower.leave();
  });

  it("begins with what comes where no id is given, and tells one integration only if asked", async () => {
    await events.append("before");
    const follower = new Follower(feed, { integration: "two" });
    const next = follower.next();
    await expect.poll(() => events.reads).toBeGreaterThan(0);
    await events.append("not this");
    await events.append("this", "two");
    expect(await next).toMatchObject({ type: "this" });
    await follower.leave();
  });

  it.each([
    ["other-1", /log of another replica/],
    ["here-99", /begun anew/],
  ])("says that it cannot go on from %s", async (after_id, reason) => {
    await events.append("a");
    const follower = new Follower(feed, { after_id });
    const gap = await follower.next();
    expect(gap).toMatchObject({ type: "feed.gap", data: { reason: expect.stringMatching(reason) } });
    const next = follower.next();
    await events.append("b");
    expect(await next).toMatchObject({ type: "b" });
    await follower.leave();
  });

  it("says that events after an id are not kept any more, and tells the rest", async () => {
    for (let each = 0; each < 700; each++) await events.append("e");
    const follower = new Follower(feed, { after_id: 1 });
    expect(await follower.next()).toMatchObject({ type: "feed.gap" });
    expect((await follower.next())?.data["id"]).toBeGreaterThan(100);
    await follower.leave();
  });

  it("tells events of other replicas without an id", async () => {
    const follower = new Follower(feed);
    const next = follower.next();
    await expect.poll(() => events.reads).toBeGreaterThan(0);
    events.hear({ id: 0, time: "", integration: "one", type: "far", data: {}, replica: "r2" });
    const item = await next;
    expect(item).toMatchObject({ type: "far", data: { replica: "r2" } });
    expect(item).not.toHaveProperty("id");
    await follower.leave();
  });

  it("queues no more than a bound of them for who does not read, and says so", async () => {
    const follower = new Follower(feed);
    const first = follower.next();
    await expect.poll(() => events.reads).toBeGreaterThan(0);
    for (let each = 0; each < 1_500; each++)
      events.hear({ id: 0, time: "", integration: "one", type: "far", data: {}, replica: "r2" });
    expect(await first).toMatchObject({ type: "far" });
    const rest = await follower.take(1_000);
    expect(rest.at(-1)).toMatchObject({ type: "feed.gap", data: { reason: expect.stringContaining("500") } });
    await follower.leave();
  });

  it("is read once for many followers, who get the same item", async () => {
    await events.append("first");
    const followers = Array.from({ length: 50 }, () => new Follower(feed, { after_id: 0 }));
    for (const each of followers) expect(await each.next()).toMatchObject({ type: "first" });
    const nexts = followers.map((each) => each.next());
    const before = events.reads;
    await events.append("a");
    const items = await Promise.all(nexts);
    expect(new Set(items).size).toBe(1);
    expect(events.reads - before).toBeLessThanOrEqual(2);
    for (const each of followers) await each.leave();
  });

  it("ends when it is aborted, and when its reader leaves while it waits", async () => {
    const aborted = new Follower(feed);
    const next = aborted.next();
    aborted.abort();
    expect(await next).toBeUndefined();
    const left = new Follower(feed);
    const waiting = left.next();
    await left.leave();
    expect(await waiting).toBeUndefined();
  });

  it("is refused at once to who may not, and for an input that does not fit", () => {
    const { signal } = new AbortController();
    expect(() => feed.open({}, testContext(signal, "events.read"))).toThrow(
      /lacks the permission events.read/,
    );
    expect(() => feed.open({ after_id: "x y" }, testContext(signal))).toThrow(/after_id/);
  });
});
