/** The styles and faces of formulas, fetched when the first is met. */
import { stamp } from "./parts.js";

/** What most formulas need. Each that came later would have all that stands on the page laid out again. */
const FACES = ["1em KaTeX_Main", "italic 1em KaTeX_Math", "1em KaTeX_Size1", "1em KaTeX_Size2"];
/** Milliseconds that faces are waited for; a formula can be read without them. */
const PATIENCE = 3_000;

/** Whether formulas can be shown, as soon as that is known: without its styles a formula would be seen twice. @returns {Promise<boolean>} */
export async function faces() {
  const link = /** @type {HTMLLinkElement} */ (stamp("maths-styles"));
  const styled = new Promise((resolve) => {
    link.addEventListener("load", () => resolve(true));
    link.addEventListener("error", () => resolve(false));
  });
  document.head.append(link);
  if (!(await styled)) return false;
  const loading = FACES.map((face) => document.fonts.load(face));
  await Promise.race([Promise.allSettled(loading), new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  return true;
}
