import { errorCodes } from "@llm-platform/kit";
import { grpcStatusOf, grpcStatusNames } from "../../packages/server/src/api/grpc/status.ts";
import { code, formatPage, formatTable } from "./markdown.ts";
import type { ProtoFile } from "./proto-files.ts";

const contractFile = "platform.proto";
/** Numbers of members of google.protobuf.FileDescriptorProto and what is in it, by which comments are found. */
const at = { messages: 4, services: 6, fields: 2, methods: 2 };

type Message = ProtoFile["messageType"][number];

/** The page about the interface over gRPC. */
export function grpcPage(files: readonly ProtoFile[]): string {
  const file = files.find(({ name }) => name === contractFile);
  if (file === undefined) throw new Error(`there is no ${contractFile}`);
  const comments = new Map(
    (file.sourceCodeInfo?.location ?? []).map(({ path, leadingComments }) => [
      path.join("."),
      leadingComments.trim().replaceAll(/\s+/g, " "),
    ]),
  );
  const commentAt = (...path: readonly number[]) => comments.get(path.join(".")) ?? "";
  return formatPage([
    "# gRPC",
    "The contract is [`contracts/platform.proto`](../../contracts/platform.proto), package `llmplatform.v1`. How to use it stands in [the guide for clients](../guides/clients.md#grpc).",
    "## Services",
    ...file.service.flatMap((service, index) => [
      `### ${service.name}`,
      commentAt(at.services, index),
      formatTable(
        ["Method", "Request", "Reply", ""],
        service.method.map((method, number) => [
          code(method.name),
          link(method.inputType),
          `${method.serverStreaming ? "stream of " : ""}${link(method.outputType)}`,
          commentAt(at.services, index, at.methods, number),
        ]),
      ),
    ]),
    "Beside them stand `grpc.health.v1.Health` and, where it is switched on, `grpc.reflection.v1.ServerReflection` and its older form `v1alpha`.",
    "## Errors",
    "Which status an error code is told as. The code itself is the `reason` of `google.rpc.ErrorInfo` in `grpc-status-details-bin`; what each means stands in [the list of errors](errors.md).",
    formatTable(
      ["Code", "Status"],
      errorCodes.map((each) => [code(each), code(grpcStatusNames[grpcStatusOf(each)] ?? "")]),
    ),
    "## Messages",
    ...file.messageType.flatMap((message, index) => [
      `### ${message.name}`,
      ...[commentAt(at.messages, index)].filter((text) => text !== ""),
      fieldTable(message, (number) => commentAt(at.messages, index, at.fields, number)),
    ]),
  ]);
}

function fieldTable(message: Message, commentOf: (index: number) => string): string {
  if (message.field.length === 0) return "It has no fields.";
  return formatTable(
    ["Field", "Type", ""],
    message.field.map((field, index) => [code(field.name), typeOf(message, field), commentOf(index)]),
  );
}

function typeOf(message: Message, field: Message["field"][number]): string {
  const entry = message.nestedType.find(({ name }) => field.typeName?.endsWith(`.${message.name}.${name}`));
  if (entry !== undefined) return `map of ${entry.field.map(plainType).join(" to ")}`;
  if (field.label === "LABEL_REPEATED") return `repeated ${plainType(field)}`;
  if (field.proto3Optional) return `optional ${plainType(field)}`;
  return field.oneofIndex === undefined ? plainType(field) : `${plainType(field)}, or another of these`;
}

function plainType({ type, typeName }: Message["field"][number]): string {
  return typeName === undefined ? type.replace("TYPE_", "").toLowerCase() : link(typeName);
}

/** Messages of this contract lead to their heading, those of others are named whole. */
function link(typeName: string): string {
  const own = /^\.llmplatform\.v1\.(\w+)$/.exec(typeName)?.[1];
  return own === undefined ? code(typeName.slice(1)) : `[${own}](#${own.toLowerCase()})`;
}
