/**
 * The number of the stream that a chunk belongs to: its id is two digits and two letters, as `00dc`, `01wb`. Undefined for
 * other chunks, and for changes of the palette (`00pc`), which are no pictures.
 */
export function streamNumberOf(id: string): number | undefined {
  return /^\d\d(?!pc)/.test(id) ? Number(id.slice(0, 2)) : undefined;
}
