/** Requests that the tests of the running engine make. */
export const hello = [{ role: "user", content: "Tell me a story." }];
/** A reply that only `max_tokens` ends: a list of at least a thousand numbers. */
export const endless = {
  messages: hello,
  max_tokens: 600,
  response_format: {
    type: "json_schema",
    json_schema: { name: "numbers", schema: { type: "array", items: { type: "integer" }, minItems: 1000 } },
  },
};
