import { Secret } from "@llm-platform/kit";
import { z } from "zod";
import { parseMasterKey } from "../core/master-key-text.ts";
import { section } from "./section.ts";

const wanted = "must be 32 random bytes in hexadecimal or base64, as `openssl rand -base64 32` makes them";

export const secretSettings = section(
  {
    master_key: z
      .string()
      .refine((text) => parseMasterKey(text) !== undefined, wanted)
      .meta({
        description:
          "Key under which secrets are sealed in the database: 32 bytes in hexadecimal or base64. Absent: `master.key` in the data folder, made with the first start.",
        format: "secret",
      })
      .transform((text) => new Secret(text))
      .optional(),
    previous_master_keys: z
      .string()
      .superRefine((text, context) => {
        for (const [index, key] of splitKeys(text).entries())
          if (parseMasterKey(key) === undefined)
            context.addIssue({ code: "custom", message: `key ${index + 1} ${wanted}` });
      })
      .meta({
        description:
          "Keys from before, with commas or line ends between them. They only open; what stands under one is put under the current key with the next start.",
        format: "secret",
      })
      .transform((text) => splitKeys(text).map((key) => new Secret(key)))
      .optional(),
  },
  "Secrets at rest.",
);

function splitKeys(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((key) => key !== "");
}
