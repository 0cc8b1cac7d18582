import type { ModelVerdict } from "@llm-platform/kit";
import { describe, expect, it } from "vitest";
import { parseGgufHead } from "../gguf-head.ts";
import { encodeGguf } from "../gguf-sample.test-data.ts";
import { toByteSource } from "./byte-source.ts";
import { judgeSource } from "./inspect-file.ts";
import { judgeGguf } from "./judge-gguf.ts";
import { encodeHead, encodeSafetensors } from "./safetensors-sample.test-data.ts";
import { sniffFormat } from "./sniff-format.ts";
import { encodeZip } from "./zip-sample.test-data.ts";

const latin = (text: string): Buffer => Buffer.from(text, "latin1");
const judge = (bytes: Uint8Array): ModelVerdict =>
  judgeSource(toByteSource(bytes), sniffFormat(bytes.subarray(0, 4096), bytes.length));
const tensor = (start: number, end: number, shape = [(end - start) / 4]): object => ({
  dtype: "F32",
  shape,
  data_offsets: [start, end],
});
/** A field of protobuf with bytes in it. */
const field = (number: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([number * 8 + 2, body.length]), body]);
const onnx = (location: string): Buffer => {
  const external = Buffer.concat([field(1, latin("location")), field(2, latin(location))]);
  return Buffer.concat([
    Buffer.from([8, 8]),
    field(2, latin("test")),
    field(7, field(5, field(13, external))),
  ]);
};
const rawKeras = (config: string): Buffer =>
  encodeZip([
    { name: "metadata.json", data: latin("{}") },
    { name: "config.json", data: latin(config) },
    { name: "model.weights.h5", data: latin("\x89HDF\r\n\x1a\n") },
  ]);
const keras = (config: object): Buffer => rawKeras(JSON.stringify(config));

describe("a safetensors file", () => {
  it("is weights only when all that it says fits", () => {
    const head = { __metadata__: { format: "pt" }, b: tensor(8, 16), a: tensor(0, 8, [2, 1]) };
    expect(judge(encodeSafetensors(head, Buffer.alloc(16)))).toEqual({
      verdict: "weights_only",
      format: "safetensors",
      reasons: [],
    });
  });

  it.each<readonly [string, Buffer]>([
    ["two tensors overlap", encodeSafetensors({ a: tensor(0, 8), b: tensor(4, 12) }, Buffer.alloc(12))],
    ["there is a gap", encodeSafetensors({ a: tensor(0, 8), b: tensor(12, 16) }, Buffer.alloc(16))],
    ["data goes on after the last", encodeSafetensors({ a: tensor(0, 8) }, Buffer.alloc(9))],
    ["a tensor ends beyond the file", encodeSafetensors({ a: tensor(0, 8) }, Buffer.alloc(4))],
    ["a shape is larger than its data", encodeSafetensors({ a: tensor(0, 8, [3]) }, Buffer.alloc(8))],
    ["a shape overflows", encodeSafetensors({ a: tensor(0, 8, [2 ** 52, 2 ** 52]) }, Buffer.alloc(8))],
    ["a count is negative", encodeSafetensors({ a: tensor(0, 8, [-2]) }, Buffer.alloc(8))],
    [
      "a type is called like a member of every object",
      encodeSafetensors({ a: { ...tensor(0, 8), dtype: "constructor" } }, Buffer.alloc(8)),
    ],
    ["a type is not known", encodeSafetensors({ a: { ...tensor(0, 8), dtype: "X" } }, Buffer.alloc(8))],
    ["the metadata is a number", encodeSafetensors({ __metadata__: 1 }, Buffer.alloc(0))],
    ["the head is cut", encodeHead('{"a":', Buffer.alloc(0))],
  ])("is refused when %s", (_what, bytes) => {
    expect(judge(bytes)).toMatchObject({ verdict: "refused", format: "safetensors" });
  });

  it("is refused when its head is longer than 100 MB", () => {
    const bytes = encodeHead("{}", Buffer.alloc(0));
    bytes.writeBigUInt64LE(100_000_001n);
    const source = {
      sizeBytes: 200_000_000,
      read: (at: number, length: number) => bytes.subarray(at, at + length),
    };
    expect(judgeSource(source, { format: "safetensors", kind: "safetensors" })).toMatchObject({
      verdict: "refused",
    });
  });
});

describe("a GGUF file", () => {
  const judgeTemplate = (template: string): ModelVerdict => {
    const bytes = encodeGguf({
      entries: [
        ["general.architecture", "string", "llama"],
        ["tokenizer.chat_template.tool_use", "string", template],
      ],
      tensors: [],
    });
    const result = parseGgufHead(bytes, bytes.length);
    if (result.type === "more") throw new Error("the sample is whole");
    return judgeGguf(result);
  };

  it("is weights only with a usual chat template", () => {
    const template =
      "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content | trim }}{% if not loop.last %}{{ m['tool_calls'][0].function.arguments | tojson }}{% endif %}{% endfor %}{% set ns = namespace(found=false) %}{{ m.content.split('</think>')[-1] }}";
    expect(judgeTemplate(template)).toEqual({ verdict: "weights_only", format: "gguf", reasons: [] });
  });

  it("is refused when it has two chat templates of one name", () => {
    const template = ["tokenizer.chat_template", "string", "{{ x }}"] as const;
    const bytes = encodeGguf({ entries: [template, template], tensors: [] });
    const result = parseGgufHead(bytes, bytes.length);
    if (result.type === "more") throw new Error("the sample is whole");
    expect(judgeGguf(result)).toMatchObject({ verdict: "refused" });
  });

  it.each([
    "{{ ''.__class__.__mro__ }}",
    "{{ messages | attr('x') }}",
    "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{{ ''['_' ~ '_class'] }}",
    "{{ cycler.next }}",
    "{{ lipsum['x'] }}",
    "{% include '/etc/passwd' %}",
    "{{ open('/etc/passwd') }}",
    "{{ ''['__cl' + 'ass__'] }}",
    "{{ ''['_\\x5fclass_\\x5f'] }}",
    "{{ ''['\\u005f_class_\\137'] }}",
    "{{ ''['%c%cclass' % (95, 95)] }}",
    "{{ ''[dict(__cl=1, ass__=1) | join] }}",
    "{{ ('x' ~ '_') }}",
    "{% set l = lipsum %}{{ l }}",
  ])("is suspicious with the chat template %s", (template) => {
    expect(judgeTemplate(template)).toMatchObject({
      verdict: "suspicious",
      reasons: [expect.stringContaining("chat template")],
    });
  });

  it("shows nothing that a terminal would obey", () => {
    const { reasons } = judgeTemplate("{{ x.__a\u001b[31m__ }}{{ y['__\u202e__'] }}{{ open \n(1) }}");
    expect(reasons.join("")).not.toMatch(/[\u0000-\u001f\u202e]/);
  });
});

describe("other files", () => {
  it.each<readonly [string, Buffer, ModelVerdict["verdict"], string]>([
    ["an empty file", Buffer.alloc(0), "refused", "empty"],
    ["ELF", latin("\x7fELF\x02\x01\x01"), "refused", "ELF"],
    ["PE", latin("MZ\x90\0\x03"), "refused", "PE"],
    ["llamafile", latin("MZqFpD='\n\0\x10"), "refused", "llamafile"],
    ["Mach-O", latin("\xcf\xfa\xed\xfe\x07"), "refused", "Mach-O"],
    ["a shell script", latin("#!/bin/sh\necho"), "refused", "script"],
    [
      "a Git LFS pointer",
      latin("version https://git-lfs.github.com/spec/v1\noid sha256:a"),
      "refused",
      "pointer",
    ],
    ["GGJT that is cut", latin("tjgg\x03\0\0\0"), "refused", "GGJT"],
    ["GGJT of the future", latin("tjgg\x09\0\0\0"), "refused", "version 9"],
    ["an adapter of old llama.cpp", latin("algg\x01\0\0\0"), "refused", "algg"],
    ["7z", latin("7z\xbc\xaf\x27\x1c"), "refused", "7z"],
    ["any other ZIP", encodeZip([{ name: "a.txt", data: latin("a") }]), "refused", "archive"],
    [
      "TorchScript",
      encodeZip([
        { name: "a/data.pkl", data: latin("N.") },
        { name: "a/constants.pkl", data: latin("N.") },
      ]),
      "refused",
      "TorchScript",
    ],
    ["numbers of nobody", Buffer.from([1, 2, 3, 0, 255, 254]), "refused", "no format"],
    ["a pickle of data", latin("\x80\x02}."), "suspicious", "can run code"],
    [
      "an array of numbers",
      latin("\x93NUMPY\x01\0\x3a\0{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }\n"),
      "weights_only",
      "",
    ],
    ["ONNX", onnx("weights.bin"), "suspicious", "1 other files"],
    ["ONNX with data from elsewhere", onnx("../../etc/passwd"), "refused", "outside of its folder"],
    [
      "Keras",
      keras({ layers: [{ class_name: "Dense", module: "keras.layers" }] }),
      "suspicious",
      "can hold code",
    ],
    ["Keras with a Lambda", keras({ layers: [{ class_name: "Lambda" }] }), "refused", "Lambda"],
    ["Keras with an escaped Lambda", rawKeras('{"class_name" : "\\u004cambda"}'), "refused", "Lambda"],
    ["Keras with a module of a like name", keras({ module: "keras_evil" }), "refused", "keras_evil"],
    ["Keras with eval", keras({ module: "builtins", class_name: "eval" }), "refused", "eval"],
    [
      "Keras that fetches a file",
      keras({ module: "keras.utils", class_name: "function", config: "get_file" }),
      "refused",
      "get_file",
    ],
    [
      "HDF5 with a Lambda behind much else",
      Buffer.concat([latin("\x89HDF\r\n\x1a\n"), Buffer.alloc(5_000_000), latin('{"class_name": "Lambda"}')]),
      "refused",
      "Lambda",
    ],
    ["Keras with code from elsewhere", keras({ module: "os", class_name: "system" }), "refused", "module os"],
    ["HDF5 with a Lambda", latin('\x89HDF\r\n\x1a\n\0{"class_name": "Lambda"}'), "refused", "Lambda"],
    ["a text", latin("a model card"), "weights_only", ""],
  ])("%s", (_what, bytes, verdict, word) => {
    const result = judge(bytes);
    expect(result.verdict).toBe(verdict);
    expect(result.reasons.join(" ")).toContain(word);
  });
});
