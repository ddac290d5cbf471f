// A long list of which only the rows in view are in the document. One row is
// active: arrow keys, Page Up and Down, Home and End move it, Enter chooses it.
"use strict";

const SPARE_ROWS = 8;

/**
 * @param given { label, rowHeight, render(row element, index), choose(index) }
 * @returns { node, show(count), activate(index), active(), rowsInDocument() }
 */
function longList(given) {
  const inner = element("div", { class: "inner" });
  const node = element("div", { class: "rows", tabindex: "0", role: "listbox", "aria-label": given.label }, inner);
  const name = "row-" + given.label.replace(/\W+/g, "-") + "-";
  let count = 0, active = -1, shown = new Map();

  function place(index) {
    const row = element("div", { class: "row", role: "option", id: name + index, "aria-posinset": index + 1,
      "aria-setsize": count, "aria-selected": String(index === active) });
    row.style.top = index * given.rowHeight + "px";
    row.style.height = given.rowHeight + "px";
    row.addEventListener("click", () => {
      activate(index);
      given.choose(index);
    });
    given.render(row, index);
    inner.append(row);
    return row;
  }

  function refresh() {
    const first = Math.max(0, Math.floor(node.scrollTop / given.rowHeight) - SPARE_ROWS);
    const last = Math.min(count - 1, Math.ceil((node.scrollTop + node.clientHeight) / given.rowHeight) + SPARE_ROWS);
    const next = new Map();
    for (let i = first; i <= last; i++) next.set(i, shown.get(i) || place(i));
    for (const [index, row] of shown) if (!next.has(index)) row.remove();
    shown = next;
  }

  function mark(index, on) {
    const row = shown.get(index);
    if (row) row.setAttribute("aria-selected", String(on));
  }

  function activate(index) {
    mark(active, false);
    active = index;
    if (index < 0) {
      node.removeAttribute("aria-activedescendant");
      return;
    }
    const top = index * given.rowHeight;
    if (top < node.scrollTop) node.scrollTop = top;
    if (top + given.rowHeight > node.scrollTop + node.clientHeight) node.scrollTop = top + given.rowHeight - node.clientHeight;
    refresh();
    mark(index, true);
    node.setAttribute("aria-activedescendant", name + index);
  }

  function show(total) {
    for (const row of shown.values()) row.remove();
    shown = new Map();
    count = total;
    active = -1;
    inner.style.height = count * given.rowHeight + "px";
    node.scrollTop = 0;
    node.removeAttribute("aria-activedescendant");
    refresh();
  }

  node.addEventListener("scroll", refresh, { passive: true });
  new ResizeObserver(refresh).observe(node);
  node.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(node.clientHeight / given.rowHeight) - 1);
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page,
      Home: 0, End: count - 1, Enter: active, " ": active }[event.key];
    if (to === undefined || count === 0) return;
    event.preventDefault();
    activate(Math.min(Math.max(to, 0), count - 1));
    if (event.key === "Enter" || event.key === " ") given.choose(active);
  });
  return { node, show, activate, active: () => active, rowsInDocument: () => shown.size };
}
