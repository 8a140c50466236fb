import { defaultTreeAdapter as tree, parse, type DefaultTreeAdapterMap } from 'parse5';

type Node = DefaultTreeAdapterMap['node'];
/** A parsed element (parse5's default tree). */
export type Element = DefaultTreeAdapterMap['element'];

/** A form as it would be sent if nobody typed anything. */
export interface FormState {
  element: Element;
  action: URL;
  method: 'get' | 'post';
  fields: { name: string; value: string; element: Element }[];
  buttons: Element[];
}

/** A page as a browser without scripts sees it: text, links, forms. `<noscript>` counts as content. */
export class HtmlDocument {
  readonly url: URL;
  readonly #elements: Element[] = [];

  /** Every element of the page in document order. */
  get elements(): readonly Element[] {
    return this.#elements;
  }

  constructor(html: string, url: URL) {
    this.url = url;
    const root = parse(html, { scriptingEnabled: false });
    for (const node of walk(root)) if (tree.isElementNode(node)) this.#elements.push(node);
  }

  /** The text of `<title>`. */
  get title(): string {
    const title = this.query('title');
    return title ? textOf(title) : '';
  }

  /** What a person can read in `<main>`, or in the body where there is none. */
  get text(): string {
    const body = this.query('main') ?? this.query('body');
    return body ? textOf(body) : '';
  }

  /**
   * All elements that match one compound selector: `tag`, `#id`, `.class`, `[attr]`, `[attr=value]`, or several
   * of these written together (`input[name=csrf]`). No descendants, no commas.
   */
  queryAll(selector: string): Element[] {
    const matches = compile(selector);
    return this.#elements.filter(matches);
  }

  /** The first element that matches, see {@link queryAll}. */
  query(selector: string): Element | undefined {
    const matches = compile(selector);
    return this.#elements.find(matches);
  }

  /** As {@link query}, but an absent element is an error that shows the page. */
  require(selector: string): Element {
    const found = this.query(selector);
    if (!found)
      throw new Error(`Nothing matches "${selector}" on ${this.url.href}. The page says: ${this.text}`);
    return found;
  }

  /** The first match of a selector, or the element whose id is that word. */
  queryByNameOrId(selector: string): Element | undefined {
    const isWord = /^[\w-]+$/.test(selector);
    return (isWord ? this.query(`#${selector}`) : undefined) ?? this.query(selector);
  }

  /** True when an element matches. */
  has(selector: string): boolean {
    return this.query(selector) !== undefined;
  }

  /** The text of the first match, white space collapsed; throws when there is none. */
  textOf(selector: string): string {
    return textOf(this.require(selector));
  }

  /** An attribute of the first match; throws when there is no match. */
  attribute(selector: string, name: string): string | undefined {
    return attributeOf(this.require(selector), name);
  }

  /** The value a form field holds, by its name. */
  valueOf(name: string): string | undefined {
    const field = this.query(`[name="${name}"]`);
    return field && fieldValue(field);
  }

  /** All links with their resolved targets. */
  get links(): { element: Element; text: string; href: URL }[] {
    return this.queryAll('a[href]').map((element) => ({
      element,
      text: textOf(element),
      href: this.#resolve(attributeOf(element, 'href') ?? ''),
    }));
  }

  /** A form by `#id`, by plain id or by any selector. The only form of a page needs no name. */
  form(selector?: string): FormState {
    const element = selector === undefined ? this.#onlyForm() : this.#formBy(selector);
    const own = this.#elements.filter((candidate) => ownerOf(candidate, element));
    return {
      element,
      action: this.#resolve(attributeOf(element, 'action') ?? ''),
      method: attributeOf(element, 'method')?.toLowerCase() === 'post' ? 'post' : 'get',
      fields: own.flatMap((field) => successfulFields(field)),
      buttons: own.filter((field) => isSubmitButton(field) && !isDisabled(field)),
    };
  }

  /** The named controls of a form, whether or not they would be sent, such as unchecked boxes. */
  controls(form: Element): Element[] {
    return this.#elements.filter(
      (candidate) =>
        ownerOf(candidate, form) &&
        /^(input|select|textarea)$/.test(candidate.tagName) &&
        attributeOf(candidate, 'name') !== undefined,
    );
  }

  #onlyForm(): Element {
    const forms = this.queryAll('form');
    const [form] = forms;
    if (!form || forms.length > 1)
      throw new Error(`${this.url.href} has ${forms.length} forms; name one. The page says: ${this.text}`);
    return form;
  }

  #formBy(selector: string): Element {
    const element = this.queryByNameOrId(selector);
    if (!element)
      throw new Error(
        `No form "${selector}" on ${this.url.href}. The page says: ${this.text || '(nothing)'}`,
      );
    if (element.tagName === 'form') return element;
    // A button names its form too: `submit('#logout-confirm')`.
    const owner = this.queryAll('form').find((form) => ownerOf(element, form));
    if (!owner) throw new Error(`"${selector}" is not a form and belongs to none on ${this.url.href}`);
    return owner;
  }

  #resolve(target: string): URL {
    const base = this.query('base[href]');
    return new URL(target, base ? new URL(attributeOf(base, 'href') ?? '', this.url) : this.url);
  }
}

/** An attribute's value, or `undefined` where it is not set. */
export function attributeOf(element: Element, name: string): string | undefined {
  return element.attrs.find((attribute) => attribute.name === name)?.value;
}

/** Text below an element as read: white space collapsed, scripts and styles left out. */
export function textOf(element: Element): string {
  let text = '';
  for (const node of walk(element)) {
    if (tree.isTextNode(node) && !isUnread(node.parentNode)) text += node.value;
    if (tree.isElementNode(node)) text += ' ';
  }
  return text.replaceAll(/\s+/g, ' ').trim();
}

function isUnread(parent: Node | null): boolean {
  return parent !== null && tree.isElementNode(parent) && /^(script|style|template)$/.test(parent.tagName);
}

function* walk(node: Node): Generator<Node> {
  yield node;
  if ('childNodes' in node) for (const child of node.childNodes) yield* walk(child);
}

function compile(selector: string): (element: Element) => boolean {
  const parts = /^(?<tag>[a-z][a-z0-9]*)?(?<rest>(?:[#.][\w-]+|\[[\w-]+(?:=(?:"[^"]*"|[^\]"]*))?\])*)$/i.exec(
    selector,
  );
  if (!parts || selector === '') throw new Error(`"${selector}" is not a selector this browser reads`);
  const tests: ((element: Element) => boolean)[] = [];
  const tag = parts.groups?.['tag']?.toLowerCase();
  if (tag) tests.push((element) => element.tagName === tag);
  for (const [piece] of (parts.groups?.['rest'] ?? '').matchAll(/[#.][\w-]+|\[[^\]]*\]/g)) {
    if (piece.startsWith('#')) tests.push((element) => attributeOf(element, 'id') === piece.slice(1));
    else if (piece.startsWith('.'))
      tests.push((element) => (attributeOf(element, 'class') ?? '').split(/\s+/).includes(piece.slice(1)));
    else {
      const at = piece.indexOf('=');
      const name = piece.slice(1, at === -1 ? -1 : at);
      const value = at === -1 ? undefined : piece.slice(at + 1, -1).replaceAll(/^"|"$/g, '');
      tests.push((element) => {
        const given = attributeOf(element, name);
        return value === undefined ? given !== undefined : given === value;
      });
    }
  }
  return (element) => tests.every((test) => test(element));
}

function ownerOf(control: Element, form: Element): boolean {
  if (!/^(input|select|textarea|button)$/.test(control.tagName)) return false;
  const named = attributeOf(control, 'form');
  if (named !== undefined) return named === attributeOf(form, 'id');
  for (let node: Node | null = control.parentNode; node; node = 'parentNode' in node ? node.parentNode : null)
    if (node === form) return true;
  return false;
}

function isDisabled(control: Element): boolean {
  if (attributeOf(control, 'disabled') !== undefined) return true;
  for (let node: Node | null = control.parentNode; node; node = 'parentNode' in node ? node.parentNode : null)
    if (
      tree.isElementNode(node) &&
      node.tagName === 'fieldset' &&
      attributeOf(node, 'disabled') !== undefined
    )
      return true;
  return false;
}

function isSubmitButton(control: Element): boolean {
  const type = attributeOf(control, 'type')?.toLowerCase();
  if (control.tagName === 'button') return type === undefined || type === 'submit';
  return control.tagName === 'input' && (type === 'submit' || type === 'image');
}

/** What a control adds to the form data when nothing is typed (HTML, "constructing the entry list"). */
function successfulFields(control: Element): FormState['fields'] {
  const name = attributeOf(control, 'name');
  if (!name || isDisabled(control) || control.tagName === 'button') return [];
  const type = attributeOf(control, 'type')?.toLowerCase();
  if (control.tagName === 'input') {
    if (/^(submit|button|image|reset|file)$/.test(type ?? '')) return [];
    if ((type === 'checkbox' || type === 'radio') && attributeOf(control, 'checked') === undefined) return [];
  }
  return [{ name, value: fieldValue(control) ?? '', element: control }];
}

function fieldValue(control: Element): string | undefined {
  if (control.tagName === 'textarea') {
    let text = '';
    for (const node of walk(control)) if (tree.isTextNode(node)) text += node.value;
    return text;
  }
  if (control.tagName === 'select') {
    const options = [...walk(control)].filter(
      (node) => tree.isElementNode(node) && node.tagName === 'option',
    );
    const chosen = (options.find((option) => attributeOf(option as Element, 'selected') !== undefined) ??
      options[0]) as Element | undefined;
    return chosen && (attributeOf(chosen, 'value') ?? textOf(chosen));
  }
  const type = attributeOf(control, 'type')?.toLowerCase();
  const fallback = type === 'checkbox' || type === 'radio' ? 'on' : '';
  return attributeOf(control, 'value') ?? fallback;
}
