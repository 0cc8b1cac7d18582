import { expect, test } from "vitest";
import { readStarted } from "./starts.ts";

const before = '{"level":"info","integration":"local","to":"running","event":"integration.state_changed"}';

test("finds in the log what the server says of its start", () => {
  const started = '{"level":"info","url":"http://x","models":2,"took_ms":215,"event":"platform.started"}';
  expect(readStarted(`${before}\n${started}\n${before}\n`)).toEqual({ tookMs: 215 });
});

test.each([
  ["did not start", before, /did not log platform\.started/],
  ["does not say how long it took", '{"models":2,"event":"platform.started"}', /no took_ms/],
  ["started without its models", '{"models":0,"took_ms":9,"event":"platform.started"}', /without the models/],
])("does not count a start of a server that %s", (_case, log, message) => {
  expect(() => readStarted(log)).toThrow(message);
});
