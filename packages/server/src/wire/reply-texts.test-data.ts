import fc from "fast-check";

const head = '"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m"';
const usage = '"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}';

/** Events as upstreams send them, and some that only look alike. */
export const eventTexts: readonly string[] = [
  `{${head},"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`,
  `{${head},"choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}`,
  `{${head},"choices":[{"index":0,"delta":{"content":"word"},"logprobs":null,"finish_reason":null}],"usage":null}`,
  `{${head},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`,
  `{${head},"choices":[],${usage}}`,
  `{${head},"choices":[{"index":0,"delta":{"content":"a"}}],${usage}}`,
  '{ "choices" : [ { "text" : "a", "finish_reason" : null } ] , "timings" : [1.25, -2, 3e5] }',
  '{"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"},"finish_reason":"length"}]}',
  '{"choices":[{"finish_reason":"stop"},{"finish_reason":"length"}]}',
  '{"object":"ping"}',
  '{"choices":[ ],"usage":{"prompt_tokens":4,"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}',
  '{"error":null,"choices":[{"text":"a","\\"finish_reason":"b"}]}',
  '{"error":"overloaded","choices":[{"text":"a"}]}',
  '{"choices":"ab","usage":12}',
  '{"choices":[12],"error":null}',
  '{"choices":[{"text":"a"}],"choices":["b"]}',
];

/** Whole replies as upstreams give them, and some that only look alike. */
export const wholeTexts: readonly string[] = [
  `{${head},"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],${usage}}`,
  `{${head},"choices":[{"finish_reason":"length","message":{"content":null,"tool_calls":[{"id":"c","function":{"arguments":"{}"}}]}}],"usage":{"prompt_tokens":30,"prompt_tokens_details":{"audio_tokens":1,"cached_tokens":8},"completion_tokens":20,"completion_tokens_details":{"reasoning_tokens":2,"cached_tokens":4}}}`,
  `{${head},"choices":[{"text":"a","finish_reason":"stop"},{"text":"b","finish_reason":"length"}],"usage":null}`,
  '{\n  "choices": [\n    { "text": "a", "finish_reason" : "content_filter" }\n  ],\n  "usage": { "completion_tokens" : 5 }\n}\n',
  '{"choices":[{"text":"a","finish_reason":null}],"error":null}',
  '{"choices":[{"text":"a","finish_reason":7}],"usage":{"prompt_tokens":"3","completion_tokens":null}}',
  '{"choices":[{"finish_reason":"stop"}],"choices":[{"finish_reason":"length"}],"usage":{"prompt_tokens":1},"usage":{"prompt_tokens":2,"prompt_tokens":3}}',
  '{"usage":{"prompt_tokens":4,"prompt_tokens_details":{"cached_tokens":1},"prompt_tokens_details":7},"choices":"a"}',
  '{"usage":{"prompt_tokens":4,"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}',
  '{"object":"list","data":[{"index":0,"embedding":[0.1,-0.25]}],"usage":{"prompt_tokens":4,"total_tokens":4}}',
  '{"error":{"message":"no"},"choices":[]}',
  '{"error":"no"}',
];

/** A string, with the colon behind it where it is a key, or a number. */
const stringOrNumber = /"(?:[^"\\]|\\.)*"(\s*:)?|-?\d[\d.e]*/g;
const bytesInStrings = [
  '"',
  "\\",
  '\\"',
  "\\\\",
  "\\u00e9",
  "é",
  "😀",
  "\0",
  "\x1f",
  "\t",
  "\r",
  "\n",
  "\x7f",
];
const plainParts = [
  "a",
  " ",
  ":",
  ",",
  "{",
  "}",
  "[",
  "]",
  "1",
  "x".repeat(50),
  "stop",
  "length",
  "tool_calls",
];
const wordsOfKeys = ['"finish_reason"', '\\"finish_reason', '\\"finish_reason\\":\\"length\\"'];
const breakingOut = ['","finish_reason":"length"', '","usage":{"prompt_tokens":9},"a":"', '","error":"x'];
const stringParts = [bytesInStrings, plainParts, wordsOfKeys, breakingOut].flat();
const oddNumbers = "|01|1.5|-1|-|--1|1-2|1e2|1e|+1|.5|1.|0x1|9007199254740993|007|1 | 1|1e400".split("|");
const inString = fc
  .array(fc.constantFrom(...stringParts), { maxLength: 4 })
  .map((parts) => `"${parts.join("")}"`);
const plainString = fc.constantFrom(
  '"stop"',
  '"length"',
  '"tool_calls"',
  '"Stop"',
  '"a"',
  '""',
  '"a b"',
  '"\\n"',
);
const asNumber = fc.oneof(fc.nat().map(String), fc.double().map(String), fc.constantFrom(...oddNumbers));
const anything = fc.constantFrom("null", "true", "{}", "[]", '[{"a":1}]', '{"prompt_tokens":1}', '"x"', "1");
const byte = fc.constantFrom(...'"\\{}[]:, \n\r\t\0\x1faén01-.tfd');

type Edit = (text: string) => string;

/** Puts something in the place of a value. */
const valueEdit: fc.Arbitrary<Edit> = fc
  .tuple(fc.nat(), fc.oneof(inString, plainString, asNumber, anything), fc.nat(3))
  .map(([which, put, mood]) => (text) => {
    const found = [...text.matchAll(stringOrNumber)].filter(
      ([old, isKey]) => isKey === undefined && (mood === 0 || (old[0] === '"') === (put[0] === '"')),
    );
    const one = found[which % Math.max(1, found.length)];
    return one === undefined ? text : replaceAt(text, { at: one.index, removed: one[0].length, put });
  });

/** Changes, inserts or deletes bytes anywhere. */
const byteEdit: fc.Arbitrary<Edit> = fc.tuple(fc.nat(), fc.nat(2), fc.oneof(byte, fc.constant(""))).map(
  ([where, removed, put]) =>
    (text) =>
      replaceAt(text, { at: where % (text.length + 1), removed, put }),
);

/** Swaps two neighbours. */
const swap: fc.Arbitrary<Edit> = fc.nat().map((where) => (text) => {
  const at = where % text.length;
  return replaceAt(text, { at, removed: 2, put: `${text[at + 1] ?? ""}${text[at] ?? ""}` });
});

function replaceAt(
  text: string,
  { at, removed, put }: { readonly at: number; readonly removed: number; readonly put: string },
): string {
  return `${text.slice(0, at)}${put}${text.slice(at + removed)}`;
}

/** A few of the given texts, then others that are like one of them but for some changes; mostly such as keep its form. */
export function changedTexts(texts: readonly string[]): fc.Arbitrary<string[]> {
  const edits = fc.oneof(
    { weight: 6, arbitrary: fc.array(valueEdit, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.array(fc.oneof(valueEdit, byteEdit, swap), { maxLength: 3 }) },
  );
  return fc.shuffledSubarray([...texts], { minLength: 1, maxLength: 3 }).chain((known) => {
    const changed = fc
      .tuple(fc.constantFrom(...known), edits)
      .map(([text, changes]) =>
        changes.reduce((before, change) => (before === "" ? "" : change(before)), text),
      );
    return fc.array(changed, { maxLength: 6 }).map((others) => [...known, ...others]);
  });
}
