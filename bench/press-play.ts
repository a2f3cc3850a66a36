import { measureFirstByte } from "./first-byte.ts";
import { measureMemory } from "./memory.ts";
import type { Row } from "./table.ts";
import { measureThroughput } from "./throughput.ts";
import { prepareWorld } from "./world.ts";

/** A server at work: what a stream costs, how soon it begins, how fast it is. */
export async function benchPressPlay(): Promise<Row[]> {
  await using world = await prepareWorld();
  return [
    // First: later the server has memory to spare that it took for something else.
    ...(await measureMemory(world)),
    ...(await measureFirstByte(world)),
    ...(await measureThroughput(world)),
  ];
}
