/** One measured number, and the goal it is held against. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Undefined where the number is only for information. */
  readonly goal: { readonly relation: "<" | "≥"; readonly value: number } | undefined;
  /** Missing the goal is no matter of the machine: something is wrong. */
  readonly isMust?: boolean;
  /** What others reached, and what nobody can: for information, in the same unit. */
  readonly beside?: Readonly<Record<string, number>>;
}

export function printTable(rows: readonly Row[]): void {
  const cells = rows.map((row) => [
    row.what,
    `${round(row.value)} ${row.unit}`.trim(),
    describeGoal(row),
    describeBeside(row),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((line) => line[column]!.length)));
  for (const line of cells) {
    console.log(
      `${line[0]!.padEnd(widths[0]!)}  ${line[1]!.padStart(widths[1]!)}  ${line[2]!.padEnd(widths[2]!)}  ${line[3]}`.trimEnd(),
    );
  }
}

export function isMissed({ goal, value }: Pick<Row, "goal" | "value">): boolean {
  if (goal === undefined) return false;
  return !(goal.relation === "<" ? value < goal.value : value >= goal.value);
}

/** The value below which `share` of the sorted-or-not samples lie. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** The middle one of what was measured. */
export function median<Run>(runs: readonly Run[], valueOf: (run: Run) => number): number {
  return percentile(runs.map(valueOf), 0.5);
}

function describeGoal({ goal, value }: Row): string {
  if (goal === undefined) return "";
  return `goal ${goal.relation} ${goal.value}: ${isMissed({ goal, value }) ? "MISSED" : "met"}`;
}

function describeBeside({ beside = {} }: Row): string {
  return Object.entries(beside)
    .map(([name, value]) => `${name} ${round(value)}`)
    .join(", ");
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
