import { section, wholeNumber } from "./section.ts";

export const responseSettings = section(
  {
    max_megabytes: wholeNumber({
      from: 1,
      to: 1_048_576,
      unit: "megabytes",
      doc: "How much all of them may take. Beyond that the oldest are deleted, within the hour.",
    }).default(1_024),
    retention_days: wholeNumber({
      from: 0,
      to: 365,
      unit: "days",
      doc: "How long a response can be asked for and gone on from. With 0 none is kept.",
    }).default(30),
  },
  "Responses of `/v1/responses` that are kept, sealed, for the caller to go on from, unless the call says `store: false`.",
);
