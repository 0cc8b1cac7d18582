import { protoFiles } from "../generated/descriptors.ts";
import {
  ServerReflectionDefinition,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "../generated/grpc/reflection/v1/reflection.ts";
import { dialog, type GrpcMethod } from "../method.ts";
import { grpcStatusNames } from "../status.ts";

type ProtoFile = (typeof protoFiles)[number];

/** What older clients ask for; its messages are the same. */
const alphaService = { fullName: "grpc.reflection.v1alpha.ServerReflection" };
const notFound = grpcStatusNames.indexOf("NOT_FOUND");

/**
 * Lets clients find out what the server can be asked (github.com/grpc/grpc, doc/server-reflection.md).
 * @param services names of the other services
 */
export function reflectionMethods(services: readonly string[]): readonly GrpcMethod[] {
  const type = ServerReflectionDefinition.methods.serverReflectionInfo;
  const byName = new Map<string, ProtoFile>(protoFiles.map((file) => [file.name, file]));
  const bySymbol = new Map<string, ProtoFile>(
    protoFiles.flatMap((file) => file.symbols.map((symbol) => [symbol, file])),
  );
  const own = [ServerReflectionDefinition, alphaService];
  const names = [...services, ...own.map(({ fullName }) => fullName)];

  function answer(request: ServerReflectionRequest): ServerReflectionResponse {
    if (request.list_services !== undefined)
      return { list_services_response: { service: names.map((name) => ({ name })) } };
    if (request.file_by_filename !== undefined) return toFiles(byName.get(request.file_by_filename), byName);
    if (request.file_containing_symbol !== undefined)
      return toFiles(bySymbol.get(request.file_containing_symbol), byName);
    if (request.all_extension_numbers_of_type !== undefined)
      return { all_extension_numbers_response: { base_type_name: request.all_extension_numbers_of_type } };
    return unknown();
  }

  return own.map((service) =>
    dialog({
      service,
      access: "known",
      type,
      run: (request) => ({ valid_host: request.host, original_request: request, ...answer(request) }),
    }),
  );
}

/** A file and those that it needs, each once. */
function toFiles(
  file: ProtoFile | undefined,
  byName: ReadonlyMap<string, ProtoFile>,
): ServerReflectionResponse {
  if (file === undefined) return unknown();
  const found = new Set<ProtoFile>([file]);
  for (const each of found)
    for (const name of each.dependencies) {
      const dependency = byName.get(name);
      if (dependency !== undefined) found.add(dependency);
    }
  return {
    file_descriptor_response: {
      file_descriptor_proto: [...found].map(({ base64 }) => Buffer.from(base64, "base64")),
    },
  };
}

function unknown(): ServerReflectionResponse {
  return { error_response: { error_code: notFound, error_message: "There is no such file or symbol." } };
}
