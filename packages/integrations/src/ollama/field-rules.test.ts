import { PlatformError } from "@llm-platform/kit";
import { describe, expect, test } from "vitest";
import { chatFields, checkFields, completionFields, embeddingFields } from "./field-rules.ts";

/** Every property of the request schemas of OpenAI's specification, of November 2026. */
const specification = {
  chat: {
    rules: chatFields,
    names: `metadata top_logprobs temperature top_p user safety_identifier prompt_cache_key prompt_cache_retention
      prompt_cache_options messages model service_tier modalities verbosity reasoning_effort max_completion_tokens
      frequency_penalty presence_penalty web_search_options response_format audio store moderation stream stop
      logit_bias logprobs max_tokens n prediction seed stream_options tools tool_choice parallel_tool_calls
      function_call functions`,
  },
  completion: {
    rules: completionFields,
    names: `model prompt best_of echo frequency_penalty logit_bias logprobs max_tokens n presence_penalty seed stop
      stream stream_options suffix temperature top_p user`,
  },
  embedding: { rules: embeddingFields, names: "input model encoding_format dimensions user" },
};

describe.each(Object.entries(specification))("fields of a %s request", (_name, { rules, names }) => {
  test("each field of the specification has a rule, and no other has", () => {
    expect(Object.keys(rules).sort()).toEqual(names.split(/\s+/).sort());
  });

  test.each(names.split(/\s+/))("%s is taken when null", (name) => {
    expect(() => checkFields({ [name]: null }, rules)).not.toThrow();
  });

  test.each(Object.entries(rules).filter(([, rule]) => rule.kind === "refused"))(
    "%s is refused by name",
    (name) => {
      expect(errorOf(() => checkFields({ [name]: {} }, rules))).toMatchObject({
        code: "unsupported_parameter",
        field: name,
      });
    },
  );

  test.each(Object.entries(rules))(
    "%s is taken with each value that its rule allows, and with no other",
    (name, rule) => {
      if (rule.kind !== "only") return;
      for (const value of rule.values) expect(() => checkFields({ [name]: value }, rules)).not.toThrow();
      expect(errorOf(() => checkFields({ [name]: "something else" }, rules))).toMatchObject({ field: name });
    },
  );
});

test.each(["top_k", "api_base", "extra_headers", "constructor", "__proto__", ""])(
  "the unknown field %j is refused by name",
  (name) => {
    const request = JSON.parse(`{${JSON.stringify(name)}: 1}`);
    expect(errorOf(() => checkFields(request, chatFields))).toMatchObject({
      code: "unsupported_parameter",
      field: name,
    });
  },
);

function errorOf(action: () => unknown): PlatformError {
  try {
    action();
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
  throw new Error("it was taken");
}
