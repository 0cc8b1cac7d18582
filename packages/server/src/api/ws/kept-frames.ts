/** A frame that was sent, or waits to be. */
export interface KeptFrame {
  readonly seq: number;
  readonly text: string;
}

/** The newest frames of a session, for a client that comes back; bounded. */
export class KeptFrames {
  #frames: KeptFrame[] = [];
  /** Characters of them together. */
  #length = 0;
  /** Frames up to this one are kept no more although nobody said that they had come. */
  lostSeq = 0;

  get length(): number {
    return this.#length;
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  /** @param mostLength characters to keep; the oldest frames go */
  add(frame: KeptFrame, mostLength: number): void {
    this.#frames.push(frame);
    this.#length += frame.text.length;
    let gone = 0;
    while (this.#length > mostLength && gone < this.#frames.length - 1) {
      const oldest = this.#frames[gone++];
      if (oldest === undefined) break;
      this.#length -= oldest.text.length;
      this.lostSeq = oldest.seq;
    }
    if (gone > 0) this.#frames.splice(0, gone);
  }

  /** The client has everything up to `seq`. */
  release(seq: number): void {
    const first = this.#frames.findIndex((frame) => frame.seq > seq);
    const gone = this.#frames.splice(0, first < 0 ? this.#frames.length : first);
    for (const { text } of gone) this.#length -= text.length;
  }

  after(seq: number): readonly KeptFrame[] {
    return this.#frames.filter((frame) => frame.seq > seq);
  }
}
