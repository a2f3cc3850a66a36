/** The samples of `/metrics` by their names, labels as they are written. */
export type Samples = ReadonlyMap<string, number>;

/** What a server counts right now. */
export async function readMetrics(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Samples> {
  const response = await fetch(`${url}/metrics`, { headers });
  if (!response.ok) throw new Error(`/metrics: ${response.status} ${await response.text()}`);
  const samples = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    samples.map((line) => {
      const end = line.lastIndexOf(" ");
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}
