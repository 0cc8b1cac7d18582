import { z } from "zod";
import { section, seconds, wholeNumber } from "./section.ts";

export const grpcSettings = section(
  {
    enabled: z.boolean().default(true).describe("Whether gRPC is served."),
    port: wholeNumber({
      from: 0,
      to: 65_535,
      doc: "Port for gRPC, on the address of `server.host`; 0 lets the system choose. Default: 50051, or where `server.port` is 0 one that the system chooses.",
    }).optional(),
    reflection: z
      .boolean()
      .optional()
      .describe(
        "Whether callers who are known may ask what can be asked (server reflection). Default: not where `environment` is `production`.",
      ),
    max_concurrent_streams: wholeNumber({
      from: 1,
      to: 10_000,
      doc: "Calls at the same time over one connection; a client opens another, or waits.",
    }).default(100),
    keep_alive_seconds: seconds(
      1,
      86_400,
      "How long nothing comes from a client until it is asked whether it is still there. Without an answer for 20 seconds its connection is ended.",
    ).default(60),
    max_connection_age_seconds: seconds(
      0,
      604_800,
      "How old a connection gets, give or take a tenth, before its client is asked to open another, so that new replicas get their share; calls that have begun go on. 0 is no bound.",
    ).default(1_800),
  },
  "gRPC, on a port of its own.",
);
