import type { ByteSource } from "../../formats/byte-source.ts";
import { FormatProblem } from "../../formats/format-problem.ts";
import { type ProtobufField, ProtobufReader } from "../../formats/protobuf.ts";
import { tokenTypes, Vocabulary } from "./vocabulary.ts";

/** `tokenizer.model`: the tokens, and whether a space is put before a text. */
export interface SentencePieceModel {
  readonly vocabulary: Vocabulary;
  readonly addsSpacePrefix: boolean;
}

/** Numbers of the fields in SentencePiece's schema. */
const model = { pieces: 1, trainer: 2, normalizer: 3 } as const;
const piece = { text: 1, score: 2, type: 3 } as const;
const trainer = { modelType: 3 } as const;
const normalizer = { addsPrefix: 3 } as const;
const bytePairs = 2;
const maxFields = 10_000_000;

/** Reads a SentencePiece model. Throws FormatProblem `unsupported` for one that does not merge pairs, `corrupt`. */
export function readSentencePiece(source: ByteSource): SentencePieceModel {
  const reader = new ProtobufReader(source, maxFields);
  const vocabulary = new Vocabulary();
  let modelType = 1;
  let addsSpacePrefix = true;
  for (const field of reader.fields({ start: 0, end: source.sizeBytes })) {
    if (field.number === model.pieces) addPiece(reader, field, vocabulary);
    else if (field.number === model.trainer)
      modelType = reader.fields(field).find(({ number }) => number === trainer.modelType)?.value ?? modelType;
    else if (field.number === model.normalizer)
      addsSpacePrefix =
        reader.fields(field).find(({ number }) => number === normalizer.addsPrefix)?.value !== 0;
  }
  if (modelType !== bytePairs)
    throw new FormatProblem(
      "unsupported",
      "its tokenizer.model does not merge pairs (BPE), which llama.cpp expects of it",
    );
  if (vocabulary.texts.length === 0)
    throw new FormatProblem("corrupt", "its tokenizer.model holds no tokens");
  return { vocabulary, addsSpacePrefix };
}

function addPiece(reader: ProtobufReader, field: ProtobufField, vocabulary: Vocabulary): void {
  let text = "";
  let score = 0;
  let type: number = tokenTypes.normal;
  for (const part of reader.fields(field)) {
    if (part.number === piece.text) text = reader.text(part);
    else if (part.number === piece.score) score = reader.float(part);
    else if (part.number === piece.type) type = part.value;
  }
  if (type < tokenTypes.normal || type > tokenTypes.byte)
    throw new FormatProblem("corrupt", "its tokenizer.model holds a token of an unknown type");
  vocabulary.set(vocabulary.texts.length, { text, score, type });
}
