import { AddressBook } from "../../src/session/address-book.ts";
import { wrapMethod } from "../storage/wrap-method.ts";

/** Writes down whom the sessions of this process ban from now on: their figures only say how many. */
export function watchBans(): Disposable & { readonly hosts: ReadonlySet<string> } {
  const hosts = new Set<string>();
  const restore = wrapMethod(AddressBook.prototype, "ban", (_book, parameters, call) => {
    hosts.add(String(parameters[0]));
    return call(parameters);
  });
  return { hosts, [Symbol.dispose]: restore };
}
