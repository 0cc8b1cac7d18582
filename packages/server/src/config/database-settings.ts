import { Secret } from "@llm-platform/kit";
import { z } from "zod";
import { parseDatabaseUrl } from "../core/database-url.ts";
import { section, seconds, wholeNumber } from "./section.ts";

export const databaseSettings = section(
  {
    url: z
      .string()
      .superRefine((text, context) => {
        const parsed = parseDatabaseUrl(text);
        if ("problem" in parsed) context.addIssue({ code: "custom", message: parsed.problem });
      })
      .meta({
        description:
          "PostgreSQL 15 or newer, as `postgres://user:password@host:5432/database?sslmode=verify-full`. Servers with the same one are replicas of each other. Absent: SQLite in the data folder.",
        format: "secret",
      })
      .transform((text) => new Secret(text))
      .optional(),
    migrate: z
      .enum(["on_start", "never"])
      .default("on_start")
      .describe(
        "Who brings the schema up to date: a server as it starts, or with `never` only `llmp migrate`, and a server waits for it.",
      ),
    ca_file: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Certificates in PEM of the authorities that the database's must come from. Absent: `sslrootcert` of the address, else those that Node trusts.",
      ),
    pool_size: wholeNumber({
      from: 1,
      to: 500,
      unit: "connections",
      doc: "Connections for what requests wait for. Five more serve the ledger, reports and word of changes.",
    }).default(8),
    connect_timeout_seconds: seconds(0.1, 60, "How long a new connection may take.").default(5),
    request_timeout_seconds: seconds(
      0.1,
      60,
      "How long a statement may take that a request waits for, such as looking up a key.",
    ).default(2),
    background_timeout_seconds: seconds(
      1,
      3_600,
      "How long any other statement may take: of the ledger, of reports, of deleting what is old.",
    ).default(30),
    keys_usable_seconds: seconds(
      0,
      86_400,
      "How long keys and tokens that were looked up before go on working while the database does not answer; 0 for not at all.",
    ).default(900),
  },
  "The database that replicas share.",
);
