import {
  families,
  type ModelFixture,
  readFixture,
  type TokenizerFixture,
  unpack,
} from "../../packages/integrations/src/local/convert/model-folder.test-data.ts";
import {
  encodeGgml,
  tinyGgml,
} from "../../packages/integrations/src/local/formats/ggml/ggml-sample.test-data.ts";
import { maliciousFiles } from "../../packages/integrations/src/local/formats/pickle/malicious.test-data.ts";
import { encodeSafetensors } from "../../packages/integrations/src/local/formats/safetensors-sample.test-data.ts";
import { encodeTorch } from "../../packages/integrations/src/local/formats/torch/torch-sample.test-data.ts";
import { encodeGguf } from "../../packages/integrations/src/local/gguf-sample.test-data.ts";

/** Small files of every format. */
export interface ModelFileSamples {
  readonly sound: readonly [Buffer, ...Buffer[]];
  readonly malicious: readonly Buffer[];
}

export function modelFileSamples(): ModelFileSamples {
  const torch = readFixture<Readonly<Record<"zip" | "legacy" | "ordered" | "module", string>>>("torch");
  const pieces = readFixture<TokenizerFixture>("tokenizer-sentencepiece").files["tokenizer.model"];
  const gguf = encodeGguf({
    entries: [
      ["general.architecture", "string", "llama"],
      ["tokenizer.chat_template", "string", "{{ messages }}"],
      ["tokenizer.ggml.tokens", "strings", ["<s>", "a", "b"]],
      ["llama.block_count", "u32", 2],
    ],
    tensors: [
      { name: "token_embd.weight", dimensions: [4n, 2n], offset: 0n },
      { name: "output_norm.weight", dimensions: [4n], offset: 32n },
    ],
  });
  const sound: ModelFileSamples["sound"] = [
    Buffer.from(gguf),
    sampleSafetensors(),
    encodeGgml(tinyGgml("GGJT", 3)),
    encodeGgml(tinyGgml("GGML", 0)),
    encodeTorch([{ name: "a.weight", shape: [2, 2], values: new Float32Array(4) }]),
    unpack(torch.zip),
    unpack(torch.legacy),
    unpack(torch.ordered),
    unpack(torch.module),
    ...(typeof pieces === "string" ? [unpack(pieces)] : []),
  ];
  return { sound, malicious: maliciousFiles("/canary").map(({ bytes }) => bytes) };
}

function sampleSafetensors(): Buffer {
  const { tensors } = readFixture<ModelFixture>(families[0]);
  const head: Record<string, object> = { __metadata__: { format: "pt" } };
  let offset = 0;
  for (const name of Object.keys(tensors).slice(0, 5)) {
    head[name] = { dtype: "F32", shape: [2, 2], data_offsets: [offset, offset + 16] };
    offset += 16;
  }
  return encodeSafetensors(head, Buffer.alloc(offset));
}
