import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Certificate } from "../../packages/server/src/wire/certificate.test-data.ts";

/** A registry of models as Ollama pulls from: Docker's, version 2, with the media types of Ollama's own. */
export type OllamaRegistry = {
  /** Host and port, as they stand before the name of a model. */
  readonly host: string;
  /** Method and path of every request so far. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
};

/** One model of a registry, which is there as `library/NAME:latest`. */
export type RegistryModel = {
  readonly name: string;
  readonly gguf: Buffer;
  /** Go's, as in a Modelfile. */
  readonly template: string;
};

const manifestType = "application/vnd.docker.distribution.manifest.v2+json";

/** Serves models over TLS on a free port of the loopback. */
export async function startOllamaRegistry(
  models: readonly RegistryModel[],
  certificate: Pick<Certificate, "cert" | "key">,
): Promise<OllamaRegistry> {
  const contents = new Map<string, Buffer>();
  for (const model of models) addModel(contents, model);
  const requests: string[] = [];
  const server = createServer({ cert: certificate.cert, key: certificate.key }, (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response, contents.get(request.url ?? ""));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the registry has no port");
  return {
    host: `127.0.0.1:${address.port}`,
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function addModel(contents: Map<string, Buffer>, { name, gguf, template }: RegistryModel): void {
  const root = `/v2/library/${name}`;
  const layer = (mediaType: string, data: Buffer) => {
    const digest = `sha256:${createHash("sha256").update(data).digest("hex")}`;
    contents.set(`${root}/blobs/${digest}`, data);
    return { mediaType, digest, size: data.length };
  };
  const config = {
    model_format: "gguf",
    model_family: "llama",
    model_families: ["llama"],
    model_type: "1.7M",
    file_type: "Q8_0",
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [] },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: layer("application/vnd.docker.container.image.v1+json", Buffer.from(JSON.stringify(config))),
    layers: [
      layer("application/vnd.ollama.image.model", gguf),
      layer("application/vnd.ollama.image.template", Buffer.from(template)),
    ],
  };
  contents.set(`${root}/manifests/latest`, Buffer.from(JSON.stringify(manifest)));
}

function answer(request: IncomingMessage, response: ServerResponse, data: Buffer | undefined): void {
  if (data === undefined) {
    response.writeHead(404, { "content-type": "application/json" });
    response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    return;
  }
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  // Of contents a registry only says on which other host they lie.
  if (request.method === "GET" && from === undefined && request.url?.includes("/blobs/") === true) {
    response
      .writeHead(307, { location: `https://localhost:${request.socket.localPort}${request.url}` })
      .end();
    return;
  }
  const part = from === undefined ? data : data.subarray(Number(from), Number(to) + 1);
  response.writeHead(from === undefined ? 200 : 206, {
    "content-type": request.url?.includes("/manifests/") === true ? manifestType : "application/octet-stream",
    "content-length": part.length,
    ...(from === undefined
      ? {}
      : { "content-range": `bytes ${from}-${Number(from) + part.length - 1}/${data.length}` }),
  });
  response.end(request.method === "HEAD" ? undefined : part);
}
