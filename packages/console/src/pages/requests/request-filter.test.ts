import { describe, expect, test } from "vitest";
import { isWanted, readWanted, type RequestRow, toQuestion } from "./request-filter.ts";

const request: RequestRow = {
  id: "req_019a",
  started_at: "2026-11-26T10:00:00.000Z",
  duration_ms: 12,
  status: "failed",
  outcome: "upstream_error",
  principal: "Laptop",
  operation: "chat",
  requested_model: "both",
  integration: "office",
  provider: "vllm",
  upstream_model: "llama-3",
  stream: true,
  attempt_count: 1,
  http_status: 500,
  error_code: "upstream_error",
  message: null,
  first_byte_ms: null,
  input_tokens: 1,
  output_tokens: 0,
  costs: [],
  unpriced_attempts: 0,
  replica: null,
};

describe("what an address asks for", () => {
  test("what is no choice is as if it were not there", () => {
    expect(readWanted(new URLSearchParams("status=loud&sort=colour&span=day"))).toEqual({
      search: "",
      status: "",
      integration: "",
      span: "day",
      sort: "time",
    });
  });

  test("becomes a question with a beginning, and without what was not asked", () => {
    const wanted = readWanted(new URLSearchParams("search=x&span=hour&status=failed"));
    expect(toQuestion(wanted, Date.parse("2026-11-26T10:00:00Z"))).toEqual({
      sort: "time",
      limit: 200,
      status: "failed",
      from: "2026-11-26T09:00:00.000Z",
    });
  });

  test.each([
    ["", true],
    ["search=REQ_0", true],
    ["search=19a", false],
    ["search=llama", true],
    ["search=lapt&status=failed&integration=office", true],
    ["status=ok", false],
    ["integration=other", false],
  ])("%s fits a call that just ended: %s", (address, fits) => {
    expect(isWanted(request, readWanted(new URLSearchParams(address)))).toBe(fits);
  });
});
