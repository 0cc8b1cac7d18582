import type { Socket } from "node:net";
import { HpackDecoder } from "./hpack-decoder.ts";
import type { HuffmanDecoder } from "./hpack-huffman.ts";
import { Http2Error, http2Codes, protocolError, sizeError } from "./http2-error.ts";
import { type Frame, unpad } from "./http2-frame-reader.ts";
import { frameFlags, frameTypes, highest, toPayload } from "./http2-frames.ts";
import { checkPriority, type HeaderBlockRead, HeaderBlocks } from "./http2-header-blocks.ts";
import { checkTrailers } from "./http2-headers.ts";
import { KnownResets } from "./http2-known-resets.ts";
import { Http2Output } from "./http2-output.ts";
import { PeerBudget } from "./http2-peer-budget.ts";
import { ReceiveWindow } from "./http2-receive-window.ts";
import { RequestHeaderReader } from "./http2-request-headers.ts";
import { readInitialWindow, receiveLimits } from "./http2-settings.ts";
import { Http2Stream } from "./http2-stream.ts";
import { StreamTable } from "./http2-stream-table.ts";

export interface PeerFramesParts {
  readonly socket: Socket;
  readonly huffman: HuffmanDecoder;
  readonly maxConcurrentStreams: number;
  /** A request has come; its body follows. */
  onStream(stream: Http2Stream): void;
  /** The peer asks whether this side is there; that is answered already. */
  onPing(): void;
  /** The peer has answered what `ping` asked. */
  onPong(): void;
  /** A stream has ended in whatever way. */
  onStreamEnd(): void;
}

/**
 * What the frames of a client do to its connection and streams (RFC 9113 sections 5.1 and 6), one method for each type:
 *
 *     connection = SETTINGS *( SETTINGS / PING / GOAWAY / WINDOW_UPDATE / PRIORITY / unknown / of a stream )
 *     stream     = block *DATA [ block ]       block = HEADERS *CONTINUATION, with nothing else in between
 *
 * It hands over requests as streams, and to these what belongs to them. What is not as it should be resets the stream,
 * where it is one stream's fault, and is thrown as Http2Error where it is the connection's (section 5.4).
 *
 * A base class of the connection and no part of it: it is the same object.
 */
export abstract class Http2PeerFrames {
  protected readonly output: Http2Output;
  protected readonly streams = new StreamTable();
  protected lastId = 0;
  /** Streams above this id are not served any more. */
  protected servedUpTo = highest;
  /** Whether nothing that comes counts any more. */
  protected hasEnded = false;
  readonly #parts: PeerFramesParts;
  readonly #headers: RequestHeaderReader;
  readonly #blocks = new HeaderBlocks();
  readonly #resets = new KnownResets();
  readonly #window = new ReceiveWindow(receiveLimits.connectionWindow);
  readonly #budget = new PeerBudget();
  #hasSettings = false;

  constructor(parts: PeerFramesParts) {
    this.#parts = parts;
    this.#headers = new RequestHeaderReader(new HpackDecoder(parts.huffman, receiveLimits.headerListBytes));
    this.output = new Http2Output({
      socket: parts.socket,
      onStreamEnd: (stream) => this.#forget(stream),
      onData: () => this.#budget.earnWindows(),
    });
  }

  /** Serves what has begun, and nothing else; then the connection ends. */
  abstract finish(): void;

  /** Sends what is left to say, and waits for the peer to hear it. */
  protected abstract endSocket(): void;

  protected takeFrame(type: number, frame: Frame): void {
    if (this.hasEnded) return;
    if (!this.#hasSettings && type !== frameTypes.SETTINGS) throw protocolError("settings come first");
    if (!this.#blocks.allows(frame.streamId, type === frameTypes.CONTINUATION))
      throw protocolError("a header block was interrupted");
    try {
      this.#dispatch(type, frame);
    } catch (error) {
      if (!(error instanceof Http2Error) || error.streamId === undefined) throw error;
      this.#failStream(error.streamId, error.code);
    }
  }

  #dispatch(type: number, frame: Frame): void {
    switch (type) {
      case frameTypes.DATA:
        return this.#takeData(frame);
      case frameTypes.HEADERS:
        return this.#takeBlock(this.#blocks.begin(frame));
      case frameTypes.CONTINUATION:
        return this.#takeBlock(this.#blocks.continue(frame));
      case frameTypes.RST_STREAM:
        return this.#takeReset(frame);
      case frameTypes.SETTINGS:
        return this.#takeSettings(frame);
      case frameTypes.PING:
        return this.#takePing(frame);
      case frameTypes.WINDOW_UPDATE:
        return this.#takeWindow(frame);
      case frameTypes.PRIORITY:
        return this.#takePriority(frame);
      case frameTypes.GOAWAY:
        if (frame.streamId !== 0) throw protocolError("a farewell is of no stream");
        if (frame.payload.length < 8) throw sizeError();
        this.#budget.spend();
        return this.finish();
      case frameTypes.PUSH_PROMISE:
        throw protocolError("a client pushes nothing");
      default:
        return this.#budget.spend();
    }
  }

  #takeData({ flags, streamId, payload }: Frame): void {
    if (streamId === 0) throw protocolError("data is of a stream");
    this.#window.take(payload.length);
    this.returnWindow(0, this.#window.giveBack());
    const data = unpad(flags, payload);
    const isEnd = (flags & frameFlags.END_STREAM) !== 0;
    // Padding alone is nothing as well (CVE-2019-9518).
    if (data.length === 0 && !isEnd) this.#budget.spend();
    const stream = this.#find(streamId);
    if (stream === undefined && this.#resets.has(streamId)) return;
    if (stream === undefined || stream.hasEnded)
      throw new Http2Error(http2Codes.STREAM_CLOSED, "data came behind the end", streamId);
    stream.receiveWindow.take(payload.length, streamId);
    if (data.length > 0) stream.takeData(data);
    if (isEnd) stream.takeEnd();
    else if (stream.isOpen) this.returnWindow(streamId, stream.receiveWindow.giveBack());
  }

  #takeBlock(read: HeaderBlockRead | undefined): void {
    if (read === undefined) return;
    const { streamId, isEnd, block } = read;
    if (streamId <= this.lastId) {
      this.#takeTrailers(streamId, { isEnd, fields: this.#headers.readTrailers(block) });
      return;
    }
    // Also what is refused has to be read: the blocks behind it are written on it.
    const headers = this.#headers.readRequest(streamId, block);
    this.lastId = streamId;
    if (streamId > this.servedUpTo || this.streams.size >= this.#parts.maxConcurrentStreams)
      throw new Http2Error(http2Codes.REFUSED_STREAM, "there are too many streams", streamId);
    if (headers instanceof Http2Error) throw headers;
    this.#budget.earn();
    const { peerWindow: sendWindow } = this.output;
    const receiveWindow = new ReceiveWindow(receiveLimits.streamWindow);
    const stream = new Http2Stream({ id: streamId, headers, sendWindow, receiveWindow }, this.output);
    stream.hasEnded = isEnd;
    this.streams.add(stream);
    this.#parts.onStream(stream);
    if (isEnd) stream.takeEnd();
  }

  #takeTrailers(
    streamId: number,
    { isEnd, fields }: { readonly isEnd: boolean; readonly fields: ReturnType<HpackDecoder["decode"]> },
  ): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined && this.#resets.has(streamId)) {
      this.#budget.spend();
      return;
    }
    if (stream === undefined || stream.hasEnded)
      throw new Http2Error(http2Codes.STREAM_CLOSED, "headers came behind the end");
    if (!isEnd) throw new Http2Error(http2Codes.PROTOCOL_ERROR, "trailers are the end", streamId);
    checkTrailers(fields, streamId);
    stream.takeEnd();
  }

  #takeReset({ streamId, payload }: Frame): void {
    if (payload.length !== 4) throw sizeError();
    if (streamId === 0) throw protocolError("a reset is of a stream");
    const stream = this.#find(streamId);
    this.#budget.countReset(performance.now());
    // Who resets a stream has nothing on its way for it.
    this.#resets.delete(streamId);
    if (stream === undefined) return;
    stream.hasEnded = true;
    stream.takeGone();
    this.#forget(stream);
  }

  #takeSettings({ flags, streamId, payload }: Frame): void {
    if (streamId !== 0) throw protocolError("settings are of the connection");
    const isAck = (flags & frameFlags.ACK) !== 0;
    if (isAck && payload.length > 0) throw sizeError();
    this.#hasSettings = true;
    if (isAck) return;
    this.#budget.spend();
    const window = readInitialWindow(payload);
    this.output.control({ type: frameTypes.SETTINGS, flags: frameFlags.ACK, streamId: 0 }, Buffer.alloc(0));
    if (window !== undefined) this.output.setPeerWindow(window, this.streams.list());
  }

  #takePing({ flags, streamId, payload }: Frame): void {
    if (streamId !== 0) throw protocolError("a ping is of the connection");
    if (payload.length !== 8) throw sizeError();
    if ((flags & frameFlags.ACK) !== 0) {
      this.#parts.onPong();
      return;
    }
    this.#budget.countPing(performance.now());
    this.output.control({ type: frameTypes.PING, flags: frameFlags.ACK, streamId: 0 }, payload);
    this.#parts.onPing();
  }

  #takeWindow({ streamId, payload }: Frame): void {
    if (payload.length !== 4) throw sizeError();
    this.#budget.countWindow();
    const increment = payload.readUInt32BE(0) & highest;
    if (streamId === 0) {
      if (increment === 0) throw protocolError("a window grows by nothing");
      this.output.growConnection(increment, this.streams.list());
      return;
    }
    const stream = this.#find(streamId);
    if (increment === 0)
      throw new Http2Error(http2Codes.PROTOCOL_ERROR, "a window grows by nothing", streamId);
    if (stream === undefined) return;
    this.output.grow(stream, increment);
  }

  #takePriority({ streamId, payload }: Frame): void {
    if (streamId === 0) throw protocolError("a priority is of a stream");
    if (payload.length !== 5)
      throw new Http2Error(http2Codes.FRAME_SIZE_ERROR, "a frame has a wrong size", streamId);
    checkPriority(streamId, payload);
    this.#budget.spend();
  }

  /** Undefined for a stream that has ended in a way that lets frames of it be on their way still. */
  #find(streamId: number): Http2Stream | undefined {
    const stream = this.streams.get(streamId);
    if (stream === undefined && streamId > this.lastId) throw protocolError("a stream has not begun");
    return stream;
  }

  protected returnWindow(streamId: number, bytes: number): void {
    if (bytes === 0) return;
    this.output.control({ type: frameTypes.WINDOW_UPDATE, flags: 0, streamId }, toPayload(bytes));
  }

  #failStream(streamId: number, code: number): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      this.output.resetUnknown(streamId, code);
      this.#resets.add(streamId);
    } else this.end(stream, code);
    this.#budget.countReset(performance.now());
  }

  /** Ends a stream that the peer may take for open. */
  protected end(stream: Http2Stream, code: number): void {
    stream.takeGone();
    this.output.resetUnknown(stream.id, code);
    this.#resets.add(stream.id);
    this.#forget(stream);
  }

  /** A stream has ended here; what may still come of it is no fault. */
  #forget(stream: Http2Stream): void {
    if (!this.streams.delete(stream)) return;
    if (!stream.hasEnded) this.#resets.add(stream.id);
    this.#parts.onStreamEnd();
    if (this.servedUpTo !== highest && this.streams.size === 0) this.endSocket();
  }
}
