/** Keys in menus, and their place where the browser cannot hang them on their button by itself. */
import { walk } from "./toolbar.js";

export function serveMenus() {
  document.addEventListener("keydown", keys);
  if (!CSS.supports("position-area", "block-end")) document.addEventListener("toggle", place, true);
}

/** @param {KeyboardEvent} event */
function keys(event) {
  const target = /** @type {Element} */ (event.target);
  const menu = target.closest(".menu:not(.picker)");
  if (menu && event.key === "Tab") /** @type {HTMLElement} */ (menu).hidePopover();
  else if (menu) walk(event, menu, ".menu__row");
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") open(event, target);
}

/** @param {KeyboardEvent} event @param {Element} button */
function open(event, button) {
  const menu = document.getElementById(button.getAttribute("popovertarget") ?? "");
  if (!menu?.matches(".menu")) return;
  event.preventDefault();
  menu.showPopover();
  const rows = /** @type {NodeListOf<HTMLElement>} */ (menu.querySelectorAll(".menu__row"));
  rows[event.key === "ArrowDown" ? 0 : rows.length - 1]?.focus();
}

/** @param {Event} event */
function place(event) {
  const menu = /** @type {HTMLElement} */ (event.target);
  if (!menu.matches?.(".menu:popover-open")) return;
  const opener = `[popovertarget="${menu.id}"]`;
  const button = menu.matches(".picker") ? document.querySelector(".picker__button") : (document.querySelector(`${opener}:is(:hover, :focus)`) ?? document.querySelector(opener));
  // On a phone it is a sheet, and has its place.
  if (!button || (!menu.matches(".picker") && matchMedia("(width < 45rem)").matches)) return;
  const [at, size] = [button.getBoundingClientRect(), menu.getBoundingClientRect()];
  const below = at.bottom + size.height < innerHeight;
  menu.style.insetBlockStart = `${below ? at.bottom : at.top - size.height}px`;
  menu.style.insetInlineStart = `${Math.max(0, Math.min(at.left, innerWidth - size.width))}px`;
}
