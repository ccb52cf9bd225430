/**
 * The parts of a component, as its template names them.
 *
 * @param {ParentNode} root
 * @param {string} name
 * @returns {HTMLElement}
 */
export function part(root, name) {
  // Most parts are near, and a long answer may stand between them: that need not be searched once a frame.
  const near = Array.prototype.find.call(root.children, (child) => child.getAttribute("data-part") === name);
  const found = near ?? root.querySelector(`[data-part="${name}"]`);
  if (!(found instanceof HTMLElement)) throw new Error(`the template has no part ${name}`);
  return found;
}

/** A copy of what a `<template>` of the page holds. @param {string} id @returns {HTMLElement | SVGElement} */
export function stamp(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  return /** @type {HTMLElement} */ (document.importNode(/** @type {Element} */ (template.content.firstElementChild), true));
}
