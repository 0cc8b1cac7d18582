import { z } from "zod";
import { seconds, secretText, section, wholeNumber } from "./section.ts";

const samplers = [
  "parentbased_traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "traceidratio",
  "always_on",
  "always_off",
] as const;

/** `true` and `false` are what the first tools took, the words what came after them. */
const contentModes = [true, false, "no_content", "span_only", "event_only", "span_and_event"] as const;

export const openTelemetrySettings = section(
  {
    enabled: z
      .boolean()
      .default(false)
      .describe("Whether traces, metrics and the log are sent to an OpenTelemetry collector."),
    endpoint: z
      .url({ protocol: /^https?$/ })
      .transform((text) => text.replace(/\/$/, ""))
      .optional()
      .describe(
        "Address of the collector; over HTTP `/v1/traces`, `/v1/metrics` and `/v1/logs` are added to it. Default: `http://127.0.0.1:4318`, or for gRPC `http://127.0.0.1:4317`.",
      ),
    protocol: z
      .enum(["http/protobuf", "grpc"])
      .default("http/protobuf")
      .describe("How the collector is spoken to."),
    headers: secretText(
      1,
      "Headers of each request, as `name=value,name=value` with values percent-encoded, for example a collector's token.",
    ).optional(),
    ca_file: z
      .string()
      .min(1)
      .optional()
      .describe("PEM file with the issuers that the collector's certificate must come from."),
    service_name: z
      .string()
      .min(1)
      .max(255)
      .default("llm-platform")
      .describe("`service.name` of what is sent."),
    signals: z
      .array(z.enum(["traces", "metrics", "logs"]))
      .min(1)
      .default(["traces", "metrics", "logs"])
      .describe("What is sent."),
    sampler: z
      .enum(samplers)
      .default("parentbased_traceidratio")
      .describe(
        "Which calls' traces are kept; with `parentbased_` the caller's own decision goes first. Calls that failed or were slow are kept in any case.",
      ),
    sampler_ratio: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe("The part of traces that a sampler with `traceidratio` keeps, from 0 to 1."),
    slow_seconds: seconds(
      0.001,
      86_400,
      "A call that takes longer is kept whatever the sampler says.",
    ).default(30),
    metric_interval_seconds: seconds(1, 3_600, "Between two exports of metrics.").default(60),
    capture_message_content: z
      .literal(contentModes)
      .default(false)
      .describe(
        "Whether what calls ask and are answered goes to the collector as well: in spans (`true`, `span_only`), in events of their own beside the log (`event_only`), in both (`span_and_event`), or not at all (`false`, `no_content`). Secrets of the configuration are taken out; nothing else is.",
      ),
    max_content_bytes: wholeNumber({
      from: 256,
      to: 262_144,
      unit: "bytes",
      doc: "Most of one attribute with content; what is longer is shortened.",
    }).default(32_768),
    semantic_conventions: z
      .string()
      .default("")
      .describe(
        "Which conventions attributes follow, as a list with commas. With `gen_ai_latest_experimental` in it the newest names of the GenAI conventions, else those that most tools know.",
      ),
  },
  "Traces, metrics and the log for an OpenTelemetry collector.",
);
