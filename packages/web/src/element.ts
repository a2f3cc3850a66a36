/**
 * Creates an element with properties and children. Text only ever becomes a text node: names in torrents are
 * untrusted, and there is no way to pass markup.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> & { readonly testId?: string } = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const { testId, ...rest } = properties;
  const created = document.createElement(tag);
  Object.assign(created, rest);
  if (testId !== undefined) created.dataset["testid"] = testId;
  created.append(...children);
  return created;
}

/** The element with this id, which `index.html` has. */
export function byId<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return found;
}

/** Changes text only where it differs, so that a selection and a screen reader are left in peace. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
