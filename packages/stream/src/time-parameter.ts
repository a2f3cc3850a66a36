/** A time of the film as URLs name it, such as `90` or `90.5`, in seconds; undefined for what is none. */
export function parseSeconds(text: string): number | undefined {
  return /^\d{1,7}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
}
