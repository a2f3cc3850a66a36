/**
 * Puts `around` before a method of an object or a prototype: it is given the object, the arguments and the method itself.
 * Returns what takes it away again.
 */
export function wrapMethod<Owner extends object>(
  owner: Owner,
  name: string & keyof Owner,
  around: (self: Owner, parameters: unknown[], call: (parameters: unknown[]) => Promise<unknown>) => Promise<unknown>,
): () => void {
  const method: unknown = Reflect.get(owner, name);
  if (typeof method !== "function") throw new TypeError(`${name} is no method`);
  Reflect.set(owner, name, function wrapped(this: Owner, ...parameters: unknown[]) {
    return around(this, parameters, async (changed): Promise<unknown> => Reflect.apply(method, this, changed));
  });
  return () => Reflect.set(owner, name, method);
}
