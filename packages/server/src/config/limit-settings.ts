import { z } from "zod";
import { seconds, section, wholeNumber } from "./section.ts";

const absent = "Absent: no limit.";

/** What may stand where somebody or something is limited. @param elsewhere the setting that holds where it is absent */
export function limitValues(elsewhere?: string) {
  const otherwise = elsewhere === undefined ? absent : `Absent: as \`${elsewhere}\` says.`;
  return {
    ...minuteValues(otherwise),
    max_concurrent: wholeNumber({ from: 1, to: 1_000_000, doc: `Calls at once. ${otherwise}` }).optional(),
  };
}

function minuteValues(otherwise: string) {
  return {
    requests_per_minute: wholeNumber({
      from: 1,
      to: 1_000_000_000,
      unit: "requests per minute",
      doc: `Calls in any minute. ${otherwise}`,
    }).optional(),
    tokens_per_minute: wholeNumber({
      from: 1,
      to: 1_000_000_000,
      unit: "tokens per minute",
      doc: `Tokens in any minute, of questions and answers together. ${otherwise}`,
    }).optional(),
  };
}

export const limitSettings = section(
  {
    default_key: section(limitValues(), "Each API key that has no limits of its own."),
    default_user: section(limitValues(), "All keys of one user together, where the user has no limits."),
    default_address: section(
      limitValues(),
      "Each address that calls come from; of an IPv6 address the first 64 bits. See `server.trusted_proxies`.",
    ),
    global: section(minuteValues(absent), "All calls together. Calls at once are `gateway.max_in_flight`."),
    models: z
      .record(z.string().min(1).max(256), z.strictObject(limitValues()))
      .default({})
      .describe(
        "All calls of a model together, by its name or `integration/model`; aliases that lead to it are counted too.",
      ),
    queue: section(
      {
        size: wholeNumber({
          from: 0,
          to: 100_000,
          doc: "Calls that may wait for each of these in each process, callers taking turns; 512 is a good number. 0: none waits, all are refused at once.",
        }).default(0),
        wait_seconds: seconds(0.1, 600, "How long a call waits at most.").default(30),
      },
      "Where calls wait when `gateway.max_in_flight`, or `max_concurrent` of a model, is reached.",
    ),
    assumed_output_tokens: wholeNumber({
      from: 0,
      to: 1_000_000,
      unit: "tokens",
      doc: "What a reply is taken for until it has ended, where the call does not bound it by `max_tokens`.",
    }).default(512),
  },
  "What callers may use. A call must be within every limit that applies to it.",
);
