import { section, seconds, wholeNumber } from "./section.ts";

const breakerSettings = section(
  {
    failures: wholeNumber({
      from: 1,
      to: 1_000,
      doc: "Failures in a row that open the breaker of a target.",
    }).default(5),
    open_seconds: seconds(
      1,
      3_600,
      "First time that it stays open; each further time in a row is that much longer again.",
    ).default(30),
    max_open_seconds: seconds(1, 86_400, "Longest time that it stays open.").default(300),
  },
  "When a failing target is left alone.",
);

export const gatewaySettings = section(
  {
    max_in_flight: wholeNumber({
      from: 1,
      to: 1_000_000,
      doc: "Calls at once; one more is answered 503.",
    }).default(4_096),
    max_body_bytes: wholeNumber({
      from: 1_024,
      to: 1_073_741_824,
      unit: "bytes",
      doc: "Size of a request body.",
    }).default(10_485_760),
    connect_timeout_seconds: seconds(0.1, 300, "Until an upstream has accepted a connection.").default(5),
    first_byte_timeout_seconds: seconds(1, 3_600, "Until the first byte of a streamed reply.").default(120),
    chunk_timeout_seconds: seconds(1, 3_600, "Silence in the middle of a stream.").default(60),
    total_timeout_seconds: seconds(1, 86_400, "A streamed call as a whole.").default(3_600),
    request_timeout_seconds: seconds(1, 86_400, "A reply that is not a stream, whole.").default(600),
    finish_grace_seconds: seconds(0.1, 300, "Wait for the end marker after the last finish reason.").default(
      5,
    ),
    heartbeat_seconds: seconds(1, 3_600, "A comment is sent on a silent stream this often.").default(15),
    header_hold_seconds: seconds(
      0,
      300,
      "How long the head of a streamed reply waits for its first content.",
    ).default(10),
    max_retries: wholeNumber({
      from: 0,
      to: 10,
      doc: "Attempts beyond the first, only before the first content.",
    }).default(2),
    breaker: breakerSettings,
  },
  "Limits and deadlines of model calls.",
);
