/** Whether a value that was parsed from JSON is what it should be. */
export type Check = (value: unknown) => boolean;

export const isText: Check = (value) => typeof value === "string";
export const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
export const isFlag: Check = (value) => typeof value === "boolean";

export function oneOf(...words: readonly string[]): Check {
  return (value) => typeof value === "string" && words.includes(value);
}

/** What is undefined is left out of JSON. */
export function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

export function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

/** An object with these fields, and no others. */
export function shape<T>(fields: { readonly [Field in keyof T]-?: Check }): (value: unknown) => value is T {
  const checks = new Map<string, Check>(Object.entries(fields));
  return (value): value is T => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const entries = new Map<string, unknown>(Object.entries(value));
    return (
      [...entries.keys()].every((field) => checks.has(field)) &&
      [...checks].every(([field, check]) => check(entries.get(field)))
    );
  };
}
