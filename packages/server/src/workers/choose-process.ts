/** Something that connections are dealt to. */
export interface DealtTo {
  /** Connections that it has now. */
  readonly openConnections: number;
}

/** Whom the next connection goes to: the one with the fewest, the first of several; undefined when nobody is there. */
export function chooseProcess<Process extends DealtTo>(
  processes: readonly (Process | undefined)[],
): Process | undefined {
  let chosen: Process | undefined;
  for (const each of processes) {
    if (each === undefined) continue;
    if (chosen === undefined || each.openConnections < chosen.openConnections) chosen = each;
  }
  return chosen;
}
