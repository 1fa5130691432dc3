// The search: every word of the query must be in a name, a column or a description; names count most.
"use strict";

const MOST = 50;
const field = document.getElementById("query");
const entries = window.siteIndex.map(([kind, name, page, description, columns]) => ({
  kind, name, page, description, columns,
  texts: [name, columns.join("\n"), description].map((text) => text.toLowerCase()),
}));

function points(entry, words) {
  let sum = 0;
  for (const word of words) {
    const [name, columns, description] = entry.texts;
    if (name === word) sum += 100;
    else if (name.includes(word)) sum += 30;
    else if (columns.includes(word)) sum += 10;
    else if (description.includes(word)) sum += 1;
    else return 0;
  }
  return sum;
}

function element(name, text, parent) {
  const child = parent.appendChild(document.createElement(name));
  child.textContent = text;
  return child;
}

function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const scored = words.length ? entries.map((entry) => [points(entry, words), entry]).filter(([sum]) => sum) : [];
  scored.sort(([a, first], [b, second]) => b - a || (first.name < second.name ? -1 : 1));
  const list = document.getElementById("found");
  list.replaceChildren();
  for (const [, entry] of scored.slice(0, MOST)) {
    const item = element("li", "", list);
    element("a", entry.name, item).href = entry.page;
    element("span", ` ${entry.kind}`, item).className = "kind";
    const columns = entry.columns.filter((column) => words.some((word) => column.toLowerCase().includes(word)));
    if (columns.length) element("p", `columns: ${columns.slice(0, 10).join(", ")}`, item);
    element("p", entry.description, item);
  }
  const more = scored.length > MOST ? `, the first ${MOST} are shown` : "";
  document.getElementById("count").textContent = words.length ? `${scored.length} found${more}` : "";
}

field.addEventListener("input", () => {
  history.replaceState(null, "", `#${encodeURIComponent(field.value)}`);
  search();
});
try {
  field.value = decodeURIComponent(location.hash.slice(1));
} catch {
  field.value = "";
}
search();
field.focus();
