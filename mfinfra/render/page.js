"use strict";
(() => {
  const tools = document.getElementById("tools");
  if (!tools) return;
  const field = document.getElementById("filter");
  const said = document.getElementById("said");
  const buttons = [...tools.querySelectorAll("[data-only]")];
  const items = [...document.querySelectorAll("[data-is]")];
  const folded = document.getElementById("unchanged");
  const texts = new Map();
  let unfolded = false;
  let waiting = false;

  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };

  const show = () => {
    waiting = false;
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const only = new Set(buttons.filter((one) => one.getAttribute("aria-pressed") === "true").map((one) => one.dataset.only));
    let shown = 0;
    let still = 0;
    for (const item of items) {
      const fits = (!only.size || only.has(item.dataset.is)) && words.every((word) => textOf(item).includes(word));
      item.hidden = !fits;
      shown += fits;
      still += fits && item.dataset.is === "unchanged";
    }
    const filtered = words.length > 0 || only.size > 0;
    said.textContent = filtered ? `${shown} of ${items.length} resources shown` : `${items.length} resources`;
    if (folded && filtered && still && !folded.open) folded.open = unfolded = true;
    if (folded && unfolded && (!filtered || !still)) folded.open = unfolded = false;
  };

  const soon = () => {
    if (!waiting) requestAnimationFrame(show);
    waiting = true;
  };

  const clear = () => {
    field.value = "";
    for (const one of buttons) one.setAttribute("aria-pressed", "false");
    show();
  };

  const fold = (open) => {
    for (const item of items) if (item.localName === "details" && !item.hidden) item.open = open;
    if (folded) folded.open = open;
  };

  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    if (target.hidden) clear();
    for (let one = target.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
    target.scrollIntoView();
  };

  field.addEventListener("input", soon);
  for (const one of buttons) {
    one.addEventListener("click", () => {
      one.setAttribute("aria-pressed", String(one.getAttribute("aria-pressed") !== "true"));
      show();
    });
  }
  document.getElementById("expand").addEventListener("click", () => fold(true));
  document.getElementById("collapse").addEventListener("click", () => fold(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      clear();
    } else if (event.key === "/" && event.target !== field && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
    }
  });
  window.addEventListener("hashchange", reveal);
  tools.hidden = false;
  show();
  reveal();
})();
