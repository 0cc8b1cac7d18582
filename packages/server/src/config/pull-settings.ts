import { networkReaches } from "@llm-platform/kit";
import { z } from "zod";
import { section, wholeNumber } from "./section.ts";

export const pullSettings = section(
  {
    bytes_per_second: wholeNumber({
      from: 1_024,
      to: 1_000_000_000_000,
      unit: "bytes per second",
      doc: "What all downloads of models may take of the network together. It can be changed over the API until the next start. Absent: no limit.",
    }).optional(),
    connections: wholeNumber({
      from: 1,
      to: 16,
      doc: "Connections for one file at most, each for another part of it. It begins with one, and others follow unless that one brings 150 MB in a second.",
    }).default(4),
    file_directories: z
      .array(z.string().min(1))
      .default([])
      .describe("Folders of the server's machine that model files may be taken over from. Default: none."),
    parallel: wholeNumber({ from: 1, to: 32, doc: "Pulls that run at once; others wait." }).default(2),
    reserve_bytes: wholeNumber({
      from: 0,
      to: 1_000_000_000_000_000,
      unit: "bytes",
      doc: "What a download must leave free of the disk, beside a tenth of its own size.",
    }).default(1_073_741_824),
    url_network: z
      .enum(networkReaches)
      .default("public")
      .describe(
        "Where model files may be fetched from by a bare address: `private` is this machine and private networks, `public` everything else, `any` both.",
      ),
  },
  "Bringing models to this server.",
);
