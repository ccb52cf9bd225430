/** The usual way to show markdown while it streams: all of it anew each time, as a string of HTML. For comparison only. */
import MarkdownIt from "markdown-it";

const md = new MarkdownIt();
const known = new WeakMap();

export class Prose {
  text = "";
  /** It has no views that anybody could listen to. */
  view = { children: [] };
  pending = false;
  listener = null;

  static of(container) {
    if (known.has(container)) return known.get(container);
    const made = new Prose();
    made.container = container;
    known.set(container, made);
    made.update(container.textContent);
    return made;
  }

  static at(container) {
    return known.get(container) ?? null;
  }

  static textOf(container) {
    return known.get(container)?.text ?? container.textContent;
  }

  get length() {
    return this.text.length;
  }

  append(piece) {
    if (piece) this.update(this.text + piece);
  }

  update(text) {
    this.text = text;
    this.container.innerHTML = md.render(text);
  }

  end() {}
}
