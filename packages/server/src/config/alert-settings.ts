import { z } from "zod";
import { section, seconds } from "./section.ts";

export const alertSettings = section(
  {
    enabled: z
      .boolean()
      .default(true)
      .describe(
        "Whether the server itself looks for alerts, and tells the integrations that take them (`alertmanager`, `slack`, `email`). Turn it off where a Prometheus does.",
      ),
    every_seconds: seconds(1, 300, "Between two looks.").default(15),
  },
  "Alerts that the server itself finds, with the rules that Prometheus is given.",
);
