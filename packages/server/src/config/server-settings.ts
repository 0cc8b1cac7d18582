import { z } from "zod";
import { section, seconds, wholeNumber } from "./section.ts";
import { tlsSettings } from "./tls-settings.ts";

export const serverSettings = section(
  {
    host: z
      .string()
      .min(1)
      .default("127.0.0.1")
      .describe(
        "Address to listen on. Any but a loopback address needs `auth.api_keys`, `auth.oidc`, or `environment: production`.",
      ),
    port: wholeNumber({ from: 0, to: 65_535, doc: "Port to listen on; 0 lets the system choose." }).default(
      8_000,
    ),
    public_url: z
      .string()
      .refine((text) => {
        const url = URL.parse(text);
        return url !== null && /^https?:$/.test(url.protocol) && url.origin === text.replace(/\/$/, "");
      }, "must be like https://llm.example.org, without a path")
      .transform((text) => text.replace(/\/$/, ""))
      .optional()
      .describe(
        "How clients reach this server, for example behind a proxy. Absent: as each request was addressed.",
      ),
    allowed_hosts: z
      .array(z.string().min(1))
      .default([])
      .describe(
        "Names that requests may be addressed to (the Host header), beside the addresses that it listens on.",
      ),
    trusted_proxies: z
      .array(
        z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
          error: "must be an address, or a network as address/bits",
        }),
      )
      .default([])
      .describe(
        "Addresses and networks of proxies in front of the server, whose `X-Forwarded-For` tells who calls. Of all others it is ignored.",
      ),
    drain_seconds: seconds(
      0,
      3_600,
      "How long calls in flight may go on after a stop was asked for.",
    ).default(300),
    max_connections: wholeNumber({ from: 1, to: 1_000_000, doc: "Open connections in all." }).default(10_000),
    max_connections_per_address: wholeNumber({
      from: 1,
      to: 1_000_000,
      doc: "Open connections from one client address.",
    }).default(1_000),
    tls: tlsSettings,
    fast_lane: z
      .boolean()
      .default(true)
      .describe(
        "Whether plain inference calls are read by the platform's own HTTP/1.1 code, which is several times cheaper. Off, Node's reads everything; the replies are the same.",
      ),
    workers: z
      .union([z.enum(["auto"]), wholeNumber({ from: 0, to: 256, doc: "" })])
      .default(0)
      .describe(
        "Processes that serve inference calls beside the first one, which does the rest; `auto` is one for each core, and 0 leaves everything to one process.",
      ),
  },
  "Where the server listens.",
);

const logLevels = ["trace", "debug", "info", "warn", "error", "silent"] as const;

export const logSettings = section(
  {
    level: z.enum(logLevels).default("info").describe("Least severe line that is written."),
    levels: z
      .record(z.string().min(1).max(64), z.enum(logLevels))
      .default({})
      .describe(
        "Levels of parts that have one of their own, by the noun that their events begin with (`audit`) or by the name of an integration. The operation `system.log_levels.set` changes them while the server runs.",
      ),
    most_per_second: wholeNumber({
      from: 0,
      to: 1_000_000,
      doc: "Lines of the same event in one second. What comes then is counted and told of as `log.repeats_held`; 0 for no bound.",
    }).default(100),
    format: z
      .enum(["auto", "json", "pretty"])
      .default("auto")
      .describe("`auto` is `pretty` on a terminal while `environment` is `development`, else `json`."),
  },
  "The platform's own log.",
);

export const environmentSetting = z
  .enum(["development", "production", "test"])
  .default("development")
  .describe(
    "What this server is for. In production every caller needs a key or a token from the first start on, callers from this machine too; otherwise it only changes defaults that concern people, such as the log's format.",
  );

/** Its default depends on the machine; see `defaultDataDirectory`. */
export const dataDirectorySetting = z
  .string()
  .min(1)
  .describe("Folder of all state. Default: the platform's usual place for user data.");
