import { z } from "zod";
import { seconds, section, wholeNumber } from "./section.ts";

export const websocketSettings = section(
  {
    enabled: z.boolean().default(true).describe("Whether `/ws` and the channels below it are served."),
    allowed_origins: z
      .array(
        z.string().regex(/^https?:\/\/[^/\s]+$/, "must be an origin such as https://console.example.com"),
      )
      .default([])
      .describe("Origins of web pages that may connect, beside the server's own."),
    max_connections_per_principal: wholeNumber({
      from: 1,
      to: 100_000,
      doc: "Connections that one key, or one user by tokens, may have at once.",
    }).default(100),
    silence_seconds: seconds(
      1,
      600,
      "A client that answers no ping for so long is cut off, and its calls are given up.",
    ).default(60),
  },
  "WebSocket channels.",
);
