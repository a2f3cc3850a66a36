/** By request: a `Request` has no room for where it came from. */
const clients = new WeakMap<Request, string>();

/** Says whose request it is: who shares a name shares limits. */
export function setClient(request: Request, client: string): void {
  clients.set(request, client);
}

/** Whose request it is; undefined where nobody said. */
export function clientOf(request: Request): string | undefined {
  return clients.get(request);
}

/** Nobody asks for it any more. */
export function forgetClient(request: Request): void {
  clients.delete(request);
}
