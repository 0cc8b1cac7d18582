const usableShare = 0.8;

/** Memory that a model may take on this machine, as the local runtime counts it: of what is available now, four fifths. */
export function modelMemory(): number {
  return Math.floor(process.availableMemory() * usableShare);
}
