import { z } from "zod";
import { section, seconds, wholeNumber } from "./section.ts";

function ratio(doc: string) {
  return z.number().min(0.1).max(1).meta({ description: doc });
}

export const overloadSettings = section(
  {
    close_connections_ratio: ratio(
      "Part of the memory in use from which connections are closed as their replies end.",
    ).default(0.92),
    refuse_ratio: ratio("Part of the memory in use from which new calls are answered 503.").default(0.95),
    max_memory_bytes: wholeNumber({
      from: 1,
      to: Number.MAX_SAFE_INTEGER,
      unit: "bytes",
      doc: "Memory that each process may use. Absent: what its control group allows, and no bound without one.",
    }).optional(),
    max_loop_delay_seconds: seconds(
      0,
      60,
      "Delay of the event loop from which a growing part of new calls is answered 503; 0 for never.",
    ).default(1),
  },
  "When the server protects itself from more work than it can do.",
);
