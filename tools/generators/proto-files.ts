import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { z } from "zod";
import type { GeneratedFile } from "./generated-files.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const buf = join(root, "node_modules/@bufbuild/buf/bin/buf");
const plugin = join(root, "node_modules/ts-proto/protoc-gen-ts_proto");
const folder = "packages/server/src/api/grpc/generated";

/** Names as on the wire, so that messages and JSON of the platform are the same objects. */
const options = [
  "snakeToCamel=false",
  "useOptionals=all",
  "forceLong=number",
  "enumsAsLiterals=true",
  "removeEnumPrefix=true",
  "unrecognizedEnum=false",
  "env=node",
  "importSuffix=.ts",
  "outputServices=generic-definitions",
  "outputPartialMethods=false",
  "exportCommonSymbols=false",
  "comments=false",
  "annotateFilesWithVersion=false",
];

const names = z.object({ name: z.string() });
interface MessageShape {
  readonly name: string;
  readonly field: readonly FieldShape[];
  readonly nestedType: readonly MessageShape[];
  readonly enumType: readonly { readonly name: string }[];
}
const field = z.object({
  name: z.string(),
  number: z.number(),
  type: z.string(),
  label: z.string(),
  typeName: z.string().optional(),
  oneofIndex: z.number().optional(),
  proto3Optional: z.boolean().default(false),
});
type FieldShape = z.output<typeof field>;
const message: z.ZodType<MessageShape> = z.object({
  name: z.string(),
  field: z.array(field).default([]),
  nestedType: z.array(z.lazy(() => message)).default([]),
  enumType: z.array(names).default([]),
});
const method = z.object({
  name: z.string(),
  inputType: z.string(),
  outputType: z.string(),
  serverStreaming: z.boolean().default(false),
});
const protoFile = z.object({
  name: z.string(),
  package: z.string(),
  dependency: z.array(z.string()).default([]),
  messageType: z.array(message).default([]),
  enumType: z.array(names).default([]),
  service: z.array(z.object({ name: z.string(), method: z.array(method) })).default([]),
  sourceCodeInfo: z
    .object({
      location: z.array(
        z.object({ path: z.array(z.number()).default([]), leadingComments: z.string().default("") }),
      ),
    })
    .optional(),
});
export type ProtoFile = z.output<typeof protoFile>;

/** Every file of the contract over gRPC, with its comments. */
export function readProtoFiles(): readonly ProtoFile[] {
  const text = runBuf(["build", "contracts", "--as-file-descriptor-set", "-o", "-#format=json"]);
  return z.object({ file: z.array(protoFile) }).parse(JSON.parse(text.toString("utf8"))).file;
}

/** The code that reads and writes the contract's messages, and the descriptors by which the server describes itself. */
export function protoCode(files: readonly ProtoFile[]): readonly GeneratedFile[] {
  return [...messageCode(), { path: `${folder}/descriptors.ts`, text: descriptorCode(files) }];
}

function messageCode(): readonly GeneratedFile[] {
  const out = mkdtempSync(join(tmpdir(), "proto-code-"));
  const local = [process.execPath, plugin];
  const template = JSON.stringify({ version: "v2", plugins: [{ local, out, opt: options }] });
  try {
    // The second form of reflection has the same messages under another package.
    runBuf([
      "generate",
      "contracts",
      "--template",
      template,
      "--exclude-path",
      "contracts/grpc/reflection/v1alpha",
    ]);
    const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return files
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => ({ path: `${folder}/${relative(out, path)}`, text: readFileSync(path, "utf8") }));
  } finally {
    rmSync(out, { recursive: true });
  }
}

function descriptorCode(protoFiles: readonly ProtoFile[]): string {
  const set = runBuf([
    "build",
    "contracts",
    "--as-file-descriptor-set",
    "--exclude-source-info",
    "-o",
    "-#format=binpb",
  ]);
  const bytes = splitSet(set);
  const files = protoFiles.map((file, at) => ({
    name: file.name,
    dependencies: file.dependency,
    symbols: symbolsOf(file),
    base64: (bytes[at] ?? Buffer.alloc(0)).toString("base64"),
  }));
  return [
    "// Made by `node tools/generate.ts` from contracts/.\n",
    "/** Each file of the contract as a serialized google.protobuf.FileDescriptorProto, and what it defines. */",
    `export const protoFiles = ${JSON.stringify(files, null, 2)} as const;\n`,
  ].join("\n");
}

/** The members `file`, number 1, of a google.protobuf.FileDescriptorSet. */
function splitSet(set: Buffer): readonly Buffer[] {
  const reader = new BinaryReader(set);
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1) files.push(Buffer.from(reader.bytes()));
    else reader.skip(wireType);
  }
  return files;
}

function symbolsOf(file: ProtoFile): readonly string[] {
  const inMessage = (scope: string, { name, nestedType, enumType }: MessageShape): readonly string[] => {
    const own = `${scope}.${name}`;
    return [
      own,
      ...nestedType.flatMap((each) => inMessage(own, each)),
      ...enumType.map((each) => `${own}.${each.name}`),
    ];
  };
  return [
    ...file.messageType.flatMap((each) => inMessage(file.package, each)),
    ...file.enumType.map(({ name }) => `${file.package}.${name}`),
    ...file.service.flatMap((service) => [
      `${file.package}.${service.name}`,
      ...service.method.map(({ name }) => `${file.package}.${service.name}.${name}`),
    ]),
  ];
}

function runBuf(args: readonly string[]): Buffer {
  const { status, stdout, stderr } = spawnSync(process.execPath, [buf, ...args], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`buf ${args[0] ?? ""} failed: ${stderr.toString("utf8")}`);
  return stdout;
}
