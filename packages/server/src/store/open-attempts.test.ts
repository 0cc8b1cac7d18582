import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LineWriter } from "../core/line-writer.ts";
import { OpenAttempts } from "./open-attempts.ts";
import { sampleRecord } from "./sample-record.test-data.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function attemptOf(number: number) {
  return { start: sampleRecord(number), place: -1 };
}

function markersOf(attempts: OpenAttempts): string {
  const lines = new LineWriter();
  attempts.writeMarkers(lines);
  return lines.written.toString();
}

test("an attempt is due once it has run for the delay, at the latest for twice of it, and not before", () => {
  const onDue = vi.fn();
  const attempts = new OpenAttempts(50, onDue);
  attempts.begin(attemptOf(1));
  vi.advanceTimersByTime(30);
  attempts.begin(attemptOf(2));
  vi.advanceTimersByTime(69);
  expect(onDue).not.toHaveBeenCalled();
  expect(markersOf(attempts)).toBe("");
  vi.advanceTimersByTime(1);
  expect(onDue).toHaveBeenCalledOnce();
  expect(markersOf(attempts).trimEnd().split("\n")).toHaveLength(2);
  expect(attempts.hasDue).toBe(false);
});

test("one that ends in time is never due, and leaves no timer", () => {
  const onDue = vi.fn();
  const attempts = new OpenAttempts(50, onDue);
  const attempt = attemptOf(1);
  attempts.begin(attempt);
  attempts.end(attempt);
  vi.advanceTimersByTime(500);
  expect(onDue).not.toHaveBeenCalled();
  expect(attempts.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("what is stopped has every open attempt due", () => {
  const attempts = new OpenAttempts(50, () => undefined);
  attempts.begin(attemptOf(1));
  vi.advanceTimersByTime(50);
  attempts.begin(attemptOf(2));
  attempts.stop();
  expect(markersOf(attempts).trimEnd().split("\n")).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
});
