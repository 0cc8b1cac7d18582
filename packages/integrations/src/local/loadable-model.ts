import type { Engine, EngineListener } from "./engine-process.ts";

/** A model with what it takes in memory, and how it is to be kept there. */
export interface LoadableModel {
  readonly id: string;
  /** Of the machine's memory. */
  readonly bytes: number;
  readonly gpuBytes: number;
  /** One line on the memory, for the log. */
  readonly estimate: string;
  /** Two of the same name and stamp are the same to whoever calls them. */
  readonly stamp: string;
  /** How long it stays after its last call; undefined for ever. */
  readonly keepAliveMs: number | undefined;
  /** Never put out for another one. */
  readonly isPinned: boolean;
  /** The same on the processor alone; undefined for one that does not use a GPU. */
  readonly withoutGpu?: LoadableModel | undefined;
  /** Starts an engine that loads it. */
  open(listener: EngineListener): Engine;
}
