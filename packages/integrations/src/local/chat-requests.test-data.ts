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
export const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Current weather of a city.",
    parameters: {
      type: "object",
      properties: { city: { type: "string", maxLength: 20 } },
      required: ["city"],
      additionalProperties: false,
    },
  },
};
/** More than a window of 1,024 tokens holds. */
export const tools = Array.from({ length: 120 }, (_none, at) => ({
  ...weather,
  function: { ...weather.function, name: `get_weather_${at}` },
}));
